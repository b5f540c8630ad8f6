import { createScheduler, type Fault, scheduleEffects } from '@millrace/engine';

function setUp(hook?: () => Fault | undefined, latencyMs: [number, number] = [10, 10]) {
  const scheduler = createScheduler({ seed: 1, startMs: 0 });
  const written: [string, number][] = [];
  const port = {
    kind: 'store',
    put: async (key: string) => {
      written.push([key, scheduler.nowMs]);
      return `put ${key}`;
    },
    refuse: async () => {
      throw new Error('refused');
    },
  };
  const options = { name: 'state', latencyMs, ...(hook === undefined ? {} : { hook }) };
  return { scheduler, written, store: scheduleEffects(port, scheduler, options) };
}

describe('scheduleEffects', () => {
  it('takes the latency in all, with the operation somewhere within it', async () => {
    const { scheduler, written, store } = setUp();

    const answers = [store.put('a'), store.put('b')];
    await scheduler.run();

    expect(await Promise.all(answers)).toEqual(['put a', 'put b']);
    expect(scheduler.nowMs).toBe(10);
    for (const [, atMs] of written) expect(atMs).toBeLessThanOrEqual(10);
  });

  it('interleaves calls by the seed alone', async () => {
    const order = async (seed: number) => {
      const scheduler = createScheduler({ seed, startMs: 0 });
      const done: number[] = [];
      const port = scheduleEffects({ call: async (id: number) => void done.push(id) }, scheduler, {
        name: 'p',
        latencyMs: [0, 100],
      });
      for (let id = 0; id < 20; id += 1) void port.call(id);
      await scheduler.run();
      return done;
    };

    expect(await order(1)).toEqual(await order(1));
    expect(await order(1)).not.toEqual(await order(2));
  });

  it('passes on a refusal of the port, and properties that are no methods', async () => {
    const { scheduler, store } = setUp();

    const refused = expect(store.refuse()).rejects.toThrow('refused');
    await scheduler.run();
    await refused;

    expect(store.kind).toBe('store');
    expect(scheduler.nowMs).toBe(10);
  });

  describe.each([
    ['never lands', undefined, []],
    ['lands before the error', 'before' as const, ['a']],
    ['lands after the retry', { afterMs: 1_000 }, ['a']],
  ])('a fault whose write %s', (_, lands, keys) => {
    it('throws its error to the caller', async () => {
      const fault: Fault = { error: new Error('lost'), ...(lands === undefined ? {} : { lands }) };
      const { scheduler, written, store } = setUp(() => fault);
      let failedMs = 0;
      const call = store.put('a').catch((error: Error) => {
        failedMs = scheduler.nowMs;
        return error.message;
      });

      await scheduler.run();

      expect(await call).toBe('lost');
      expect(failedMs).toBe(10);
      expect(written.map(([key]) => key)).toEqual(keys);
      if (typeof lands === 'object') expect(written[0]![1]).toBeGreaterThanOrEqual(1_000);
    });
  });

  it('tells the hook which call it is, and adds its delay', async () => {
    const calls: unknown[] = [];
    const scheduler = createScheduler({ seed: 1, startMs: 0 });
    const port = scheduleEffects({ get: async (key: string) => key }, scheduler, {
      name: 'results',
      latencyMs: [2, 2],
      hook: (call) => {
        calls.push(call);
        return { delayMs: 500 };
      },
    });

    const answer = port.get('k');
    await scheduler.run();

    expect(await answer).toBe('k');
    expect(calls).toEqual([{ port: 'results', method: 'get', args: ['k'] }]);
    expect(scheduler.nowMs).toBe(502);
  });
});
