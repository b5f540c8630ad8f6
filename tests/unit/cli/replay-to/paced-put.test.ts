import type { StreamEntry } from '@millrace/core/port';
import type { TimedEntry } from '../../../../cli/src/replay-to/load';
import { putPaced } from '../../../../cli/src/replay-to/paced-put';

/** A clock that only moves when somebody waits, and a writer that notes when it was called. */
function bench(putMs = 0) {
  let nowMs = 5000;
  const clock = {
    nowMs: () => nowMs,
    sleep: async (ms: number) => {
      nowMs += ms;
    },
  };
  const puts: { atMs: number; keys: string }[] = [];
  const writer = {
    async put(entries: readonly StreamEntry[]) {
      const keys = entries.map(({ partitionKey }) => partitionKey).join('');
      puts.push({ atMs: nowMs - 5000, keys });
      nowMs += putMs;
    },
  };
  return { clock, writer, puts };
}

const entriesAt = (...seconds: number[]): TimedEntry[] =>
  seconds.map((second, at) => ({
    partitionKey: 'abcdefgh'[at] as string,
    arrivalMs: 1_000_000 + second * 1000,
    data: new Uint8Array([at]),
  }));

test.each<[string, number, number[], string[]]>([
  ['as recorded', 1, [0, 0, 1, 3], ['0 ab', '1000 c', '3000 d']],
  ['ten times as fast', 10, [0, 1, 3], ['0 a', '100 b', '300 c']],
  ['half as fast', 0.5, [0, 1], ['0 a', '2000 b']],
  ['at once', Number.POSITIVE_INFINITY, [0, 100, 200], ['0 abc']],
  ['nothing', 1, [], []],
])('entries are put %s', async (_, speed, seconds, expected) => {
  const { clock, writer, puts } = bench();

  await putPaced(entriesAt(...seconds), { clock, writer, speed });

  expect(puts.map(({ atMs, keys }) => `${atMs} ${keys}`)).toEqual(expected);
});

test('a slow stream is not raced: what fell due meanwhile goes together, and the lag is told', async () => {
  const { clock, writer, puts } = bench(2500);

  const { lagMsMax } = await putPaced(entriesAt(0, 1, 2, 3), { clock, writer, speed: 1 });

  expect(puts.map(({ keys }) => keys)).toEqual(['a', 'bc', 'd']);
  expect(lagMsMax).toBe(2000);
});

test('2,000 entries a call at most', async () => {
  const { clock, writer, puts } = bench();
  const many = Array.from({ length: 4001 }, () => entriesAt(0)[0] as TimedEntry);

  await putPaced(many, { clock, writer, speed: 1 });

  expect(puts.map(({ keys }) => keys.length)).toEqual([2000, 2000, 1]);
});
