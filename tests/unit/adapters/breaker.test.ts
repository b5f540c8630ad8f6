import {
  BELIEVED_MS,
  type Breaker,
  BreakerOpenError,
  createBreaker,
  FAILURES_MAX,
  waitWhileOpen,
} from '@millrace/adapters/breaker/breaker';
import { reportBreaker } from '@millrace/adapters/breaker/report';
import {
  type BreakerState,
  CLOSED,
  claimed,
  closed,
  opened,
} from '@millrace/adapters/breaker/state';
import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { BugError, DeadlineError, UnavailableError } from '@millrace/core/error';
import type { KeyValueStore } from '@millrace/core/port';
import { createManualClock } from '../../helper/manual-clock';

const KEY = { pk: 'CB#sink', sk: '-' };
const START_MS = 1_000_000;

/** Containers around one table, on one clock that only sleeping and the tests move. */
function createWorld() {
  const { clock, sleeps, pass } = createManualClock(START_MS);
  const table = createKeyValueStore({ map: createMemoryMap(), table: 'control' });
  const counted = { reads: 0, writes: 0 };
  const changes: string[] = [];
  /** What is done in place of the next update. */
  let instead:
    | ((update: () => ReturnType<KeyValueStore['update']>) => ReturnType<KeyValueStore['update']>)
    | null = null;
  const control: KeyValueStore = {
    ...(table as KeyValueStore),
    getMany: (keys) => {
      counted.reads += 1;
      return table.getMany(keys);
    },
    update: (...args) => {
      counted.writes += 1;
      const act = instead ?? ((update) => update());
      instead = null;
      return act(() => table.update(...args));
    },
  };
  const container = (owner: string): Breaker =>
    createBreaker({
      ...{ sink: 'sink', control, clock, owner, random: () => 0 },
      onChange: ({ state }) => changes.push(`${owner} ${state}`),
    });
  return {
    ...{ clock, table, control, counted, changes, sleeps, container, pass },
    onNextUpdate: (act: NonNullable<typeof instead>) => {
      instead = act;
    },
    item: async () => (await table.getMany([KEY]))[0] as (BreakerState & typeof KEY) | undefined,
  };
}

const away = async () => {
  throw new UnavailableError('away');
};
const fine = async () => 'fine';
const noTime = async () => {
  throw new DeadlineError('no time');
};
const LEASE_MS = 60_000;

async function fail(breaker: Breaker, times: number): Promise<void> {
  for (let n = 0; n < times; n++)
    await expect(breaker.call(away, LEASE_MS)).rejects.toThrow('away');
}

describe('closed', () => {
  test('calls pass, nothing is written, and one read is believed for a while', async () => {
    const { container, counted, pass } = createWorld();
    const breaker = container('a');

    for (let n = 0; n < 10; n++) {
      expect(await breaker.call(fine, LEASE_MS)).toBe('fine');
      pass(BELIEVED_MS / 10);
    }
    expect(counted).toEqual({ reads: 1, writes: 0 });
    await breaker.check();
    expect(counted.reads).toBe(2);
  });

  test('the fifth failure in a row opens it, for all', async () => {
    const { container, changes, item } = createWorld();
    const breaker = container('a');

    await fail(breaker, FAILURES_MAX - 1);
    expect(await item()).toBeUndefined();
    await fail(breaker, 1);

    expect(await item()).toMatchObject({
      state: 'open',
      untilMs: START_MS + 10_000,
      owner: 'a',
      fails: 1,
      ver: 1,
    });
    expect(changes).toEqual(['a open']);
    const call = jest.fn(fine);
    for (const each of [breaker, container('b')]) {
      await expect(each.call(call, LEASE_MS)).rejects.toThrow(BreakerOpenError);
      await expect(each.check()).rejects.toThrow(/breaker of sink is open for 10 s more/);
    }
    expect(call).not.toHaveBeenCalled();
  });

  test.each<[string, () => Promise<unknown>]>([
    ['a success', fine],
    ['an answer that refuses the request', async () => Promise.reject(new BugError('wrong'))],
  ])('%s begins the count anew', async (_name, work) => {
    const { container, item } = createWorld();
    const breaker = container('a');

    await fail(breaker, FAILURES_MAX - 1);
    await breaker.call(work, LEASE_MS).catch(() => undefined);
    await fail(breaker, FAILURES_MAX - 1);

    expect(await item()).toBeUndefined();
  });

  test('lack of time is no failure of the sink, and no answer of it', async () => {
    const { container, item } = createWorld();
    const breaker = container('a');

    await fail(breaker, FAILURES_MAX - 1);
    for (let n = 0; n < FAILURES_MAX; n++)
      await expect(breaker.call(noTime, LEASE_MS)).rejects.toThrow(DeadlineError);
    expect(await item()).toBeUndefined();
    await fail(breaker, 1);
    expect(await item()).toMatchObject({ state: 'open', ver: 1 });
  });

  test('one that has opened and closed meanwhile begins it anew, too', async () => {
    const { container, item, pass } = createWorld();
    const [a, b] = [container('a'), container('b')];
    await fail(a, FAILURES_MAX - 1);
    await fail(b, FAILURES_MAX);
    pass(10_000);
    await b.call(fine, LEASE_MS);
    await a.check();
    await fail(a, 1);

    expect(await item()).toMatchObject({ state: 'closed', ver: 3 });
  });

  test('an opening that cannot be written is made up for by the next failure', async () => {
    const { container, item, onNextUpdate } = createWorld();
    const breaker = container('a');
    await fail(breaker, FAILURES_MAX - 1);
    onNextUpdate(away);
    await fail(breaker, 1);
    expect(await item()).toBeUndefined();
    await fail(breaker, 1);

    expect(await item()).toMatchObject({ state: 'open', ver: 1 });
  });
});

describe('after the pause', () => {
  async function tripped() {
    const world = createWorld();
    const [a, b] = [world.container('a'), world.container('b')];
    await fail(a, FAILURES_MAX);
    await b.check().catch(() => undefined);
    world.pass(10_000);
    return { ...world, a, b };
  }

  test('one of two is let through', async () => {
    const { a, b, item } = await tripped();
    let answer = () => {};
    const probe = a.call(() => new Promise<void>((resolve) => (answer = resolve)), LEASE_MS);
    await new Promise(setImmediate);

    await expect(b.call(fine, LEASE_MS)).rejects.toThrow(BreakerOpenError);
    expect(await item()).toMatchObject({ state: 'half-open', owner: 'a' });
    answer();
    await probe;
    expect(await item()).toMatchObject({ state: 'closed', fails: 0, ver: 3 });
  });

  test('a failed try opens it for twice as long', async () => {
    const { a, item } = await tripped();
    await fail(a, 1);

    expect(await item()).toMatchObject({ state: 'open', fails: 2, untilMs: START_MS + 30_000 });
  });

  test('who dies while trying is followed when its time is over', async () => {
    const { a, b, item, pass } = await tripped();
    a.call(() => new Promise(() => {}), LEASE_MS).catch(() => undefined);
    await new Promise(setImmediate);
    pass(LEASE_MS);
    await expect(b.call(fine, LEASE_MS)).rejects.toThrow(BreakerOpenError);
    pass(1_000);

    expect(await b.call(fine, LEASE_MS)).toBe('fine');
    expect(await item()).toMatchObject({ state: 'closed', owner: 'b' });
  });

  test('a claim whose answer got lost in the adapter is known as its own', async () => {
    const { b, onNextUpdate, changes } = await tripped();
    onNextUpdate(async (update) => {
      await update();
      return 'conflict';
    });

    expect(await b.call(fine, LEASE_MS)).toBe('fine');
    expect(changes).toEqual(['a open', 'b half-open', 'b closed']);
  });

  test('who had no time to try may try again, and nobody else', async () => {
    const { a, b, item } = await tripped();
    await expect(a.call(noTime, LEASE_MS)).rejects.toThrow('no time');
    expect(await item()).toMatchObject({ state: 'half-open', owner: 'a', fails: 1 });
    await expect(b.call(fine, LEASE_MS)).rejects.toThrow(BreakerOpenError);

    expect(await a.call(fine, LEASE_MS)).toBe('fine');
    expect(await item()).toMatchObject({ state: 'closed' });
  });

  test('who found the sink back and could not write so goes on at once, under a new lease', async () => {
    const { a, b, item, onNextUpdate, pass } = await tripped();
    await a.call(async () => onNextUpdate(away), LEASE_MS);
    pass(LEASE_MS / 2);
    await a.check();
    let answer = () => {};
    const call = a.call(() => new Promise<void>((resolve) => (answer = resolve)), LEASE_MS);
    await new Promise(setImmediate);

    // The first lease is over, the second is not.
    pass(LEASE_MS / 2 + 1_000);
    await expect(b.call(fine, LEASE_MS)).rejects.toThrow(BreakerOpenError);
    answer();
    await call;
    expect(await item()).toMatchObject({ state: 'closed', owner: 'a' });
  });

  test('who found it away and could not write so waits like the others', async () => {
    const { a, onNextUpdate, pass } = await tripped();
    const failing = a.call(async () => {
      onNextUpdate(away);
      return away();
    }, LEASE_MS);
    await expect(failing).rejects.toThrow('away');
    const call = jest.fn(fine);

    await expect(a.call(call, LEASE_MS)).rejects.toThrow(BreakerOpenError);
    expect(call).not.toHaveBeenCalled();
    pass(LEASE_MS + 1_000);
    expect(await a.call(call, LEASE_MS)).toBe('fine');
  });

  test('a claim of which nothing is known lets only its owner through until its time is over', async () => {
    const { a, b, item, onNextUpdate } = await tripped();
    onNextUpdate(async (update) => {
      await update();
      return away();
    });
    const call = jest.fn(fine);

    await expect(b.call(call, LEASE_MS)).rejects.toThrow('away');
    await expect(a.call(call, LEASE_MS)).rejects.toThrow(BreakerOpenError);
    expect(call).not.toHaveBeenCalled();
    expect(await b.call(call, LEASE_MS)).toBe('fine');
    expect(await item()).toMatchObject({ state: 'closed', owner: 'b' });
  });

  test('a closing that lands when another tries already changes nothing', async () => {
    const { a, b, item, onNextUpdate, pass } = await tripped();
    let land: () => Promise<unknown> = async () => {};
    const answered = a.call(async () => {
      onNextUpdate((update) => {
        land = update;
        return away();
      });
    }, LEASE_MS);
    await answered;
    pass(LEASE_MS + 1_000);
    b.call(() => new Promise(() => {}), LEASE_MS).catch(() => undefined);
    await new Promise(setImmediate);

    expect(await land()).toBe('conflict');
    expect(await item()).toMatchObject({ state: 'half-open', owner: 'b' });
  });

  test('a table that cannot be read lets nothing through', async () => {
    const { control, clock } = await tripped();
    const getMany = async () => Promise.reject(new UnavailableError('no table'));
    const breaker = createBreaker({
      ...{ sink: 'sink', control: { ...control, getMany }, clock, owner: 'c', random: () => 0 },
    });
    const call = jest.fn(fine);

    await expect(breaker.call(call, LEASE_MS)).rejects.toThrow('no table');
    expect(call).not.toHaveBeenCalled();
  });

  test('an item that is no state stops with an error', async () => {
    const { table, container } = createWorld();
    await table.put({ ...KEY, state: 'ajar' });

    await expect(container('a').call(fine, LEASE_MS)).rejects.toThrow(BugError);
  });
});

describe('waiting before a batch is handed back', () => {
  test.each<[string, unknown, number, number[]]>([
    ['a long pause', new BreakerOpenError('s', 60_000), 30_000, [5_000]],
    ['a short one', new BreakerOpenError('s', 700), 30_000, [700]],
    ['little time left', new BreakerOpenError('s', 60_000), 3_500, [1_500]],
    ['no time left', new BreakerOpenError('s', 60_000), 1_900, []],
    ['another failure', new UnavailableError('away'), 30_000, []],
  ])('%s', async (_name, error, leftMs, expected) => {
    const { clock, sleeps } = createWorld();
    await waitWhileOpen(error, clock, { getRemainingTimeInMillis: () => leftMs });

    expect(sleeps).toEqual(expected);
  });
});

describe('what an operator sees', () => {
  const said: string[] = [];
  const lines: string[] = [];
  const say = (text: string) => void said.push(text);
  const report = reportBreaker({
    ...{ sink: 'sink', namespace: 'millrace/one', service: 'result-projector' },
    ...{
      log: { info: say, warn: say, error: say },
      nowMs: () => 7,
      write: (line) => void lines.push(line),
    },
  });
  beforeEach(() => {
    said.length = 0;
    lines.length = 0;
  });

  test.each<[string, BreakerState, number, RegExp]>([
    ['opening', opened(CLOSED, { owner: 'a', nowMs: 7, random: 0 }), 1, /opened/],
    ['trying', claimed(CLOSED, { owner: 'a', nowMs: 7, leaseMs: 1 }), 1, /lets one call through/],
    ['closing', closed(CLOSED, 'a'), 0, /closed: the sink answers again/],
  ])('%s is said and measured', (_name, state, value, text) => {
    report.onChange(state);

    expect(said).toEqual([expect.stringMatching(text)]);
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      _aws: {
        Timestamp: 7,
        CloudWatchMetrics: [
          {
            Namespace: 'millrace/one',
            Dimensions: [['service']],
            Metrics: [{ Name: 'BreakerOpen', Unit: 'None' }],
          },
        ],
      },
      service: 'result-projector',
      BreakerOpen: value,
    });
  });

  test('a call that is not made is measured, not said', () => {
    report.onRefused();

    expect(said).toEqual([]);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ BreakerOpen: 1 });
  });
});
