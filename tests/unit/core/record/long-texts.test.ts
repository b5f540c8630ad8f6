import { parsePipeline } from '@millrace/core/pipeline/parse';
import type { JsonRecord } from '@millrace/core/pipeline/pipeline';
import { type Decision, expand } from '@millrace/core/record/expand';
import { sha256OfUnits } from '@millrace/core/record/sha256';

/**
 * A fan-out repeats the texts of its record in every output. What ten thousand outputs with a text of
 * nearly a megabyte cost is held against the same with short ones, in this run: both are some
 * milliseconds, where a length is asked before anything is done with the text, and else minutes.
 */
const OUTPUTS = 10_000;
const ARRIVAL_MS = Date.UTC(2026, 0, 5);
const TIMES_MAX = 20;

const ALL: JsonRecord = {
  window: { type: 'tumbling', size: '1m' },
  series: ['device'],
  value: 'v',
  aggregates: ['count'],
};

function decisions(metric: JsonRecord, text: string, outputs: number): Decision[] {
  const fanOut = (record: JsonRecord) =>
    Array.from({ length: outputs }, (_, n) => ({ ...record, device: `d${n}`, v: 1 }));
  const { pipeline } = parsePipeline({ version: 1, transform: 'fan-out', metrics: { m: metric } });
  const found: Decision[] = [];
  const transforms = new Map([['fan-out', fanOut]]);
  expand({ text }, pipeline, transforms, ARRIVAL_MS, (_sub, decision) => found.push(decision));
  return found;
}

function cpuUs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

const LONG = 900_000;

test.each([
  ['a series that is too long', { ...ALL, series: ['text'] }, 'x'.repeat(LONG), 'series'],
  [
    'a series full of separators',
    { ...ALL, series: ['device', 'text'] },
    '|'.repeat(LONG),
    'series',
  ],
  ['a series of wide characters', { ...ALL, series: ['text'] }, 'é'.repeat(LONG / 2), 'series'],
  ['a value with coerce', { ...ALL, value: 'text', coerce: true }, '1'.repeat(LONG), 'value'],
  ['a time', { ...ALL, time: 'text' }, `2026-01-05T00:00:00.${'0'.repeat(LONG)}Z`, 'time'],
  ['an event id', { ...ALL, dedupe: { by: 'eventId', path: 'text' } }, 'x'.repeat(LONG), null],
  [
    'texts of aggregates',
    {
      ...ALL,
      aggregates: ['first', 'top', 'distinct'].map((op) => ({ op, path: 'text', as: op })),
    },
    'x'.repeat(LONG),
    null,
  ],
] as const)(
  '%s costs no more in each of 10,000 outputs than a short one',
  (_name, metric, long, reason) => {
    // A few first: where all would take minutes they are red within seconds.
    for (const outputs of [OUTPUTS / 200, OUTPUTS]) {
      // Both have been compiled by the time they are measured.
      decisions(metric, 'short', outputs);
      decisions(metric, long, outputs);
      const shortUs = cpuUs(() => decisions(metric, 'short', outputs));
      let found: Decision[] = [];
      const longUs = cpuUs(() => {
        found = decisions(metric, `${long} `, outputs);
      });

      expect(found).toHaveLength(outputs);
      const kind = reason === null ? { kind: 'measurement' } : { kind: 'rejection', reason };
      expect(found[outputs - 1]).toMatchObject(kind);
      expect(longUs).toBeLessThan(TIMES_MAX * (shortUs + 5_000));
    }
  },
);

test('an aggregate gets a text up to 1,024 units whole, and of a longer one its head and digest', () => {
  const metric = { ...ALL, aggregates: [{ op: 'distinct', path: 'text', as: 'd' }] };
  const whole = 'ab'.repeat(512);
  const longer = `${whole}!`;

  expect(decisions(metric, whole, 1)[0]).toMatchObject({ inputs: [1, whole] });
  expect(decisions(metric, longer, 1)[0]).toMatchObject({
    inputs: [1, `${longer.slice(0, 512)}…${sha256OfUnits(longer)}`],
  });
});

test('digests of more long texts than are remembered are right, in any order', () => {
  const texts = Array.from({ length: 40 }, (_, n) => `${'long '.repeat(300)}${n}`);
  const digests = texts.map(sha256OfUnits);

  expect(new Set(digests).size).toBe(texts.length);
  expect([...texts].reverse().map(sha256OfUnits)).toEqual([...digests].reverse());
});
