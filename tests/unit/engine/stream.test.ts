import { compareSequence } from '@millrace/core/record/sequence';
import {
  createScheduler,
  createStream,
  EngineError,
  type LoadedRecord,
  type ShardDefinition,
} from '@millrace/engine';
import { records, START_MS, shard } from './stage';

function setUp(shards: readonly ShardDefinition[] = [shard('shard-0')]) {
  const scheduler = createScheduler({ seed: 1, startMs: START_MS });
  return { scheduler, stream: createStream({ name: 'Events', scheduler, shards }) };
}

type Setup = ReturnType<typeof setUp>;

function contents({ stream }: Setup): string[] {
  stream.arrive();
  return stream.shards.flatMap((one) => {
    const found: string[] = [];
    for (let at = 0; at < one.end; at += 1) {
      const { shard: id, sequence, partitionKey } = one.read(at)!;
      found.push(`${id}:${sequence}:${partitionKey}`);
    }
    return found;
  });
}

async function at(setup: Setup, ms: number, task: () => void | Promise<void>): Promise<void> {
  setup.scheduler.at(START_MS + ms, task);
  await setup.scheduler.run();
}

const put = (setup: Setup, partitionKey: string, explicitHashKey?: string) =>
  setup.stream.writer.put([
    {
      partitionKey,
      data: Buffer.from('tick'),
      ...(explicitHashKey === undefined ? {} : { explicitHashKey }),
    },
  ]);

describe('loaded records', () => {
  it('become visible at their arrival, never before their predecessor', async () => {
    const setup = setUp();
    const [first, second, third] = records(3) as [LoadedRecord, LoadedRecord, LoadedRecord];
    setup.stream.load([
      { ...first, arrivalMs: START_MS + 100 },
      { ...second, arrivalMs: START_MS + 50 },
      { ...third, arrivalMs: START_MS + 200 },
    ]);

    await at(setup, 60, () => {});
    expect(contents(setup)).toEqual([]);
    await at(setup, 100, () => {});

    expect(contents(setup)).toEqual(['shard-0:1:key', 'shard-0:2:key']);
    expect(setup.stream.exhausted).toBe(false);
  });

  it('are refused for a shard the stream does not have', () => {
    expect(() => setUp().stream.load(records(1, { shard: 'shard-9' }))).toThrow(EngineError);
  });
});

describe('a put record', () => {
  it.each([
    ['in a gap takes the next number', ['10', '20'], ['10', '11', '20']],
    ['between neighbours takes a part of the last', ['10', '11'], ['10', '10.1', '11']],
  ])('%s', async (_, loaded, expected) => {
    const setup = setUp();
    const [first, second] = records(2, { everyMs: 1_000 }) as [LoadedRecord, LoadedRecord];
    setup.stream.load([
      { ...first, sequence: loaded[0]! },
      { ...second, sequence: loaded[1]! },
    ]);

    await at(setup, 500, () => put(setup, 'key'));
    await at(setup, 2_000, () => {});

    const sequences = contents(setup).map((line) => line.split(':')[1]!);
    expect(sequences).toEqual(expected);
    expect([...sequences].sort(compareSequence)).toEqual(expected);
  });

  it('counts on in parts, and past them once there is room', async () => {
    const setup = setUp();
    setup.stream.load([
      ...records(2, { everyMs: 1_000 }),
      ...records(1, { from: 9, fromMs: 3_000 }),
    ]);

    await at(setup, 500, () => put(setup, 'a'));
    await at(setup, 600, () => put(setup, 'b'));
    await at(setup, 2_000, () => put(setup, 'c'));
    await at(setup, 4_000, () => put(setup, 'd'));

    const sequences = contents(setup).map((line) => line.split(':')[1]!);
    expect(sequences).toEqual(['1', '1.1', '1.2', '2', '3', '9', '10']);
  });

  it('before the first recorded one lies below it', async () => {
    const setup = setUp();
    setup.stream.load(records(1, { from: 100, fromMs: 1_000 }));

    await at(setup, 0, () => put(setup, 'a'));
    await at(setup, 0, () => put(setup, 'b'));
    await at(setup, 2_000, () => {});

    expect(contents(setup)).toEqual(['shard-0:50:a', 'shard-0:51:b', 'shard-0:100:key']);
  });

  it('in a stream without recording gets 56 digits that grow', async () => {
    const setup = setUp();

    await at(setup, 0, () => put(setup, 'a'));
    await at(setup, 0, () => put(setup, 'b'));
    await at(setup, 5_000, () => put(setup, 'c'));

    const sequences = contents(setup).map((line) => line.split(':')[1]!);
    expect(sequences.map(({ length }) => length)).toEqual([56, 56, 56]);
    expect([...sequences].sort(compareSequence)).toEqual(sequences);
    expect(new Set(sequences).size).toBe(3);
  });

  it('holds its bytes as base64', async () => {
    const setup = setUp();
    await at(setup, 0, () => put(setup, 'a'));
    setup.stream.arrive();

    expect(setup.stream.shards[0]!.read(0)).toMatchObject({
      data: Buffer.from('tick').toString('base64'),
      arrivalMs: START_MS,
    });
  });
});

describe('where a put record goes', () => {
  const halves = [shard('low'), shard('high')];

  it('to the shard its key was last seen in, whatever the hash says', async () => {
    for (const home of ['low', 'high']) {
      const setup = setUp(halves);
      setup.stream.load(records(1, { shard: home, keys: ['sensor'] }));

      await at(setup, 10, () => put(setup, 'sensor'));

      expect(contents(setup)).toEqual([`${home}:1:sensor`, `${home}:2:sensor`]);
    }
  });

  it('to the shard of the last record, when the key was in several', async () => {
    const setup = setUp(halves);
    setup.stream.load([
      ...records(1, { shard: 'low', keys: ['sensor'], fromMs: 20 }),
      ...records(1, { shard: 'high', keys: ['sensor'], fromMs: 10 }),
      ...records(1, { shard: 'low', keys: ['other'], fromMs: 21, from: 2 }),
      ...records(1, { shard: 'high', keys: ['other'], fromMs: 30, from: 2 }),
    ]);

    await at(setup, 100, () => put(setup, 'sensor'));
    await at(setup, 100, () => put(setup, 'other'));

    expect(contents(setup)).toEqual([
      'low:1:sensor',
      'low:2:other',
      'low:3:sensor',
      'high:1:sensor',
      'high:2:other',
      'high:3:other',
    ]);
  });

  // MD5('a') = 0cc1…, MD5('b') = 92eb…
  it.each([
    ['a', undefined, 'low'],
    ['b', undefined, 'high'],
    ['b', '5', 'low'],
    ['a', String(2n ** 127n), 'high'],
  ])('key %s with hash key %s: %s', async (key, explicitHashKey, expected) => {
    const setup = setUp(halves);

    await at(setup, 0, () => put(setup, key, explicitHashKey));

    expect(contents(setup)[0]!.split(':')[0]).toBe(expected);
  });

  it('to the parent until a child has records, then to the child that takes the hash', async () => {
    const max = String(2n ** 128n - 1n);
    const middle = 2n ** 127n;
    const setup = setUp([
      shard('parent', { hash: ['0', max] }),
      shard('low', { parent: 'parent', hash: ['0', String(middle - 1n)] }),
      shard('high', { parent: 'parent', hash: [String(middle), max] }),
    ]);
    setup.stream.load([
      ...records(1, { shard: 'parent', keys: ['b'] }),
      ...records(1, { shard: 'low', keys: ['a'], fromMs: 1_000, from: 100 }),
    ]);

    await at(setup, 500, () => put(setup, 'b'));
    await at(setup, 1_500, () => put(setup, 'b'));

    expect(contents(setup).map((line) => line.split(':')[0])).toEqual([
      'parent',
      'parent',
      'low',
      'high',
    ]);
  });
});

describe('a recording that is pulled as time goes on', () => {
  const HOUR_MS = 3_600_000;

  async function* slowly(list: Iterable<LoadedRecord>, counter: { read: number }) {
    for (const record of list) {
      counter.read += 1;
      yield record;
    }
  }

  it('is read only a little ahead of its time, and is complete in the end', async () => {
    const setup = setUp();
    const counter = { read: 0 };
    setup.stream.load(slowly(records(3_600, { everyMs: 1_000 }), counter));

    await setup.scheduler.run({ done: () => counter.read > 0 });
    expect(counter.read).toBeLessThan(100);
    await setup.scheduler.run();
    await at(setup, HOUR_MS, () => {});

    expect(contents(setup)).toHaveLength(3_600);
    expect(setup.stream.exhausted).toBe(true);
  });

  it('numbers a put record so that it cannot meet one that is not read yet', async () => {
    const setup = setUp();
    setup.stream.load(slowly(records(3, { everyMs: HOUR_MS }), { read: 0 }));

    await setup.scheduler.run({ done: () => setup.scheduler.nowMs > START_MS });
    await setup.stream.writer.put([{ partitionKey: 'tick', data: Buffer.from('t') }]);
    await at(setup, 3 * HOUR_MS, () => {});

    const sequences = contents(setup).map((line) => line.split(':')[1]!);
    expect(sequences).toEqual(['1', '1.1', '2', '3']);
  });

  it('ends the run when it is not in order of arrival', async () => {
    const setup = setUp([shard('one'), shard('two')]);
    setup.stream.load(
      slowly(
        [
          ...records(5, { shard: 'one', everyMs: HOUR_MS }),
          ...records(5, { shard: 'two', everyMs: HOUR_MS }),
        ],
        { read: 0 },
      ),
    );

    await expect(setup.scheduler.run()).rejects.toThrow('not in order of arrival');
  });
});
