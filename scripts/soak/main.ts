// Memory of the engine and the real consumer over millions of records of a few series: it must not grow.
// Usage: npm run soak [-- RECORDS]
import { readFileSync } from 'node:fs';
import { parsePipeline } from '@millrace/core/pipeline/parse';
import { readAccounting } from '@millrace/core/results/read';
import { createScheduler, type LoadedRecord, readTemplate } from '@millrace/engine';
import { createLocalApplication } from '../../cli/src/replay/local-application';

const RECORDS = Number(process.argv[2] ?? 10_000_000);
const SERIES = 10;
const PER_SECOND = 1_000;
const START_MS = Date.UTC(2026, 0, 5);
const SAMPLES = 20;
/** What heaps breathe; a leak of one small object a record would be more over a million records. */
const GROWTH_BYTES_MAX = 48 * 1024 * 1024;
const MB = 1024 * 1024;

const say = (line: string) => process.stdout.write(`${line}\n`);

function* records(): Generator<LoadedRecord> {
  for (let at = 0; at < RECORDS; at++) {
    const arrivalMs = START_MS + Math.floor((at * 1_000) / PER_SECOND);
    const s = `series-${at % SERIES}`;
    const text = JSON.stringify({ s, t: arrivalMs - (at % 700), v: at % 1_009 });
    yield {
      shard: `shard-${at % 2}`,
      sequence: String(1_000_000 + at),
      partitionKey: s,
      arrivalMs,
      data: Buffer.from(text).toString('base64'),
    };
  }
}

const { pipeline } = parsePipeline({
  version: 1,
  metrics: {
    m: {
      series: ['s'],
      time: 't',
      value: 'v',
      window: { type: 'tumbling', size: '1m' },
      outOfOrderness: '5s',
      idleClose: '2m',
      aggregates: ['count', 'mean', 'max', 'p99'],
      detect: { detector: 'default', on: 'mean' },
    },
  },
});

function rss(): number {
  global.gc?.();
  return process.memoryUsage().rss;
}

async function main(): Promise<number> {
  const scheduler = createScheduler({ seed: 1, startMs: START_MS - 1_000 });
  const warn = (text: string, fields?: object) => say(`${text} ${JSON.stringify(fields)}`);
  const shard = (id: string) => ({ id, parent: null, adjacent: null, hash: null });
  const local = createLocalApplication({
    application: readTemplate(readFileSync('template.yaml', 'utf8')),
    ...{ pipeline, transforms: new Map(), scheduler },
    shards: [shard('shard-0'), shard('shard-1')],
    log: { info: () => {}, warn, error: warn },
  });
  local.stream.load(records());
  local.engine.start();
  const samples: number[] = [];
  const begunMs = performance.now();
  const endMs = START_MS + (RECORDS / PER_SECOND) * 1_000;
  for (let sample = 1; sample <= SAMPLES; sample++) {
    const untilMs = START_MS + ((endMs - START_MS) * sample) / SAMPLES;
    scheduler.at(untilMs, () => {});
    await scheduler.run({ done: () => scheduler.nowMs >= untilMs });
    const bytes = rss();
    samples.push(bytes);
    const seconds = ((performance.now() - begunMs) / 1_000).toFixed(0);
    say(`${local.engine.stats.records} records, ${seconds} s, ${Math.round(bytes / MB)} MB`);
  }
  scheduler.at(endMs + 600_000, () => {});
  await scheduler.run({ done: () => scheduler.nowMs >= endMs + 600_000 });
  local.engine.stop();
  const { applied, late, invalid } = await readAccounting(local.stores.state, local.stores.control);
  // The first tenth fills caches and compiles code.
  const early = Math.max(...samples.slice(0, Math.ceil(SAMPLES / 10)));
  const growth = (samples.at(-1) as number) - early;
  say(`in ${RECORDS} = applied ${applied} + late ${late} + invalid ${invalid}`);
  say(`resident memory grew by ${(growth / MB).toFixed(1)} MB after the first tenth`);
  return growth <= GROWTH_BYTES_MAX && applied === RECORDS ? 0 : 1;
}

main().then((code) => {
  process.exitCode = code;
});
