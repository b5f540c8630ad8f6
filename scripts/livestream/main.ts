// The livestream day through the real consumer: lag, throttles and cost, and whether all is accounted for.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EngineEvent, readTemplate } from '@millrace/engine';
import { dollarsText, estimateCost } from '../../cli/src/cost-estimate/estimate';
import { loadPipeline } from '../../cli/src/load-pipeline';
import { grouped } from '../../cli/src/output';
import { LIVESTREAM } from '../../cli/src/produce/livestream';
import { produceLivestream } from '../../cli/src/produce/livestream-files';
import { accountingLine, besideLine, missing } from '../../cli/src/replay/accounting';
import { runReplay } from '../../cli/src/replay/run-replay';
import { readSource, type Source } from '../../cli/src/replay/source';
import { createDurationMeter, usageOf } from '../../cli/src/start/usage';

const say = (line: string) => process.stdout.write(`${line}\n`);

/** From the arrival of a batch's oldest record until the batch was done: what IteratorAge tells. */
function createLagMeter({ records }: Source) {
  const arrivals = new Map(records.map((r) => [`${r.shard}:${r.sequence}`, r.arrivalMs]));
  const running = new Map<string, number>();
  const lags: number[] = [];
  return {
    observe(event: EngineEvent): void {
      if (event.kind === 'invoke-start' && event.batch !== null) {
        const arrivalMs = arrivals.get(`${event.batch.shard}:${event.batch.first}`);
        // Ticks of the sweeper are not in the recording.
        if (arrivalMs !== undefined) running.set(event.requestId, arrivalMs);
      } else if (event.kind === 'invoke-end') {
        const arrivalMs = running.get(event.requestId);
        if (arrivalMs !== undefined) lags.push(event.atMs - arrivalMs);
        running.delete(event.requestId);
      }
    },
    quantile(share: number): number {
      const sorted = [...lags].sort((a, b) => a - b);
      return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
    },
  };
}

async function main(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-livestream-'));
  try {
    const { files, truth } = await produceLivestream(join(folder, 'chat.ndjson'), LIVESTREAM);
    const { pipeline, transforms } = await loadPipeline(files.pipeline);
    const warn = () => {};
    const reading = { partial: false, shards: null, pipeline, transforms, warn };
    const source = await readSource(files.recording, reading);
    const application = readTemplate(readFileSync('template.yaml', 'utf8'));
    const [lag, duration] = [createLagMeter(source), createDurationMeter()];
    const log = { info: warn, warn, error: (text: string) => say(text) };
    const result = await runReplay({
      ...{ application, pipeline, transforms, source, log },
      ...{ seed: 1, speed: Number.POSITIVE_INFINITY, onProgress: () => {} },
      observe: (event) => {
        lag.observe(event);
        duration.observe(event);
      },
    });
    const { accounting } = result;
    const run = { lambdaSeconds: duration.seconds() };
    const cost = estimateCost(usageOf(application, source, result, run));
    const ms = (share: number) => `${grouped(Math.round(lag.quantile(share)))} ms`;
    say(`${grouped(accounting.records)} records, ${Math.round(truth.hotShare * 100)} % on one key`);
    say(
      `throttled by the stream: ${grouped(truth.throttled)} puts, up to ${truth.longestWaitMs} ms`,
    );
    say(`throttled invocations: ${result.stats.throttles.StreamConsumer ?? 0}`);
    say(`lag of a batch (virtual time): median ${ms(0.5)}, 99 % ${ms(0.99)}, most ${ms(1)}`);
    say(
      `cost: ${dollarsText(cost.dollars)}, ${dollarsText(cost.dollarsPerMillionEvents)} per million events`,
    );
    say(accountingLine(accounting));
    say(besideLine(accounting));
    const { records: _records, ...expected } = truth.expected;
    const wrong = Object.entries(expected).filter(
      ([name, count]) => accounting[name as keyof typeof expected] !== count,
    );
    for (const [name, count] of wrong) say(`expected ${name} ${count}`);
    return wrong.length === 0 && missing(accounting) === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

main().then((code) => {
  process.exitCode = code;
});
