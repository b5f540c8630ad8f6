import { formatDuration } from '@millrace/core/pipeline/duration';
import type { ProduceWindows } from './plan';

/** The `pipeline.json` under which the truth of a produced recording holds exactly. */
export function pipelineFor(windows: ProduceWindows): string {
  const pipeline = {
    version: 1,
    metrics: {
      'host.value': {
        match: { type: 'host' },
        series: ['host'],
        time: 'ts',
        value: 'value',
        window: { type: 'tumbling', size: formatDuration(windows.sizeMs) },
        outOfOrderness: formatDuration(windows.outOfOrdernessMs),
        allowedLateness: formatDuration(windows.allowedLatenessMs),
        idleClose: formatDuration(windows.idleCloseMs),
        dedupe: { by: 'eventId', path: 'id' },
        aggregates: ['count', 'mean', 'min', 'max', 'p99'],
        detect: { detector: 'default', on: 'mean' },
      },
    },
  };
  return `${JSON.stringify(pipeline, null, 2)}\n`;
}
