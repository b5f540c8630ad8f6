import type { ProduceWindows } from './plan';

/** The `pipeline.json` under which the truth of a produced recording holds exactly. */
export function pipelineFor(windows: ProduceWindows): string {
  const duration = (ms: number) => (ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`);
  const pipeline = {
    version: 1,
    metrics: {
      'host.value': {
        match: { type: 'host' },
        series: ['host'],
        time: 'ts',
        value: 'value',
        window: { type: 'tumbling', size: duration(windows.sizeMs) },
        outOfOrderness: duration(windows.outOfOrdernessMs),
        allowedLateness: duration(windows.allowedLatenessMs),
        idleClose: duration(windows.idleCloseMs),
        dedupe: { by: 'eventId', path: 'id' },
        aggregates: ['count', 'mean', 'min', 'max', 'p99'],
        detect: { detector: 'default', on: 'mean' },
      },
    },
  };
  return `${JSON.stringify(pipeline, null, 2)}\n`;
}
