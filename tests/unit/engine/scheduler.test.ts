import { createRandom, createScheduler } from '@millrace/engine';

const START_MS = 1_000_000;

describe('scheduler', () => {
  it('fires in order of time, and of scheduling within one time', async () => {
    const scheduler = createScheduler({ seed: 1, startMs: START_MS });
    const fired: string[] = [];
    for (const [name, atMs] of [
      ['late', 30],
      ['first', 10],
      ['second', 10],
      ['early', 5],
    ] as const) {
      scheduler.at(START_MS + atMs, () => {
        fired.push(`${name}@${scheduler.nowMs - START_MS}`);
      });
    }

    await scheduler.run();

    expect(fired).toEqual(['early@5', 'first@10', 'second@10', 'late@30']);
  });

  it('keeps the order of 2,000 events scheduled at random times', async () => {
    const scheduler = createScheduler({ seed: 5, startMs: 0 });
    const times = Array.from({ length: 2_000 }, () => scheduler.random.int(500));
    const fired: [number, number][] = [];
    for (const [index, time] of times.entries()) {
      scheduler.at(time, () => {
        fired.push([time, index]);
      });
    }

    await scheduler.run();

    const expected = times.map((time, index): [number, number] => [time, index]);
    expect(fired).toEqual(expected.sort((a, b) => a[0] - b[0] || a[1] - b[1]));
  });

  it('takes a past time as now', async () => {
    const scheduler = createScheduler({ seed: 1, startMs: START_MS });
    let firedMs = 0;
    scheduler.at(START_MS - 500, () => {
      firedMs = scheduler.nowMs;
    });

    await scheduler.run();

    expect(firedMs).toBe(START_MS);
  });

  it('lets every microtask of an event run before the next event', async () => {
    const scheduler = createScheduler({ seed: 1, startMs: START_MS });
    const steps: string[] = [];
    scheduler.at(START_MS, async () => {
      for (let step = 0; step < 100; step += 1) await null;
      steps.push('slow');
    });
    scheduler.at(START_MS, () => {
      steps.push('next');
    });

    await scheduler.run();

    expect(steps).toEqual(['slow', 'next']);
  });

  it('holds all events back while real work is under way', async () => {
    const scheduler = createScheduler({ seed: 1, startMs: START_MS });
    const steps: string[] = [];
    scheduler.at(START_MS, async () => {
      await scheduler.hold(() => new Promise((resolve) => setTimeout(resolve, 15)));
      steps.push(`held@${scheduler.nowMs - START_MS}`);
    });
    scheduler.at(START_MS + 1, () => {
      steps.push('next');
    });

    await scheduler.run();

    expect(steps).toEqual(['held@0', 'next']);
  });

  it('never fires what was cancelled, and does not wait for it', async () => {
    const scheduler = createScheduler({ seed: 1, startMs: START_MS });
    const task = scheduler.at(START_MS + 60_000, () => {
      throw new Error('fired');
    });
    task.cancel();

    await scheduler.run();

    expect(scheduler.nowMs).toBe(START_MS);
  });

  it('stays in order when thousands of timers are cancelled', async () => {
    const scheduler = createScheduler({ seed: 1, startMs: 0 });
    const fired: number[] = [];
    for (let time = 1; time <= 5_000; time += 1) {
      const task = scheduler.at(time, () => {
        fired.push(time);
      });
      if (time % 500 !== 0) task.cancel();
    }

    await scheduler.run();

    expect(fired).toEqual([500, 1_000, 1_500, 2_000, 2_500, 3_000, 3_500, 4_000, 4_500, 5_000]);
  });

  it('stops when done, with events left for the next run', async () => {
    const scheduler = createScheduler({ seed: 1, startMs: 0 });
    const fired: number[] = [];
    for (const time of [1, 2, 3]) {
      scheduler.at(time, () => {
        fired.push(time);
      });
    }

    await scheduler.run({ done: () => fired.length === 2 });
    expect(fired).toEqual([1, 2]);
    await scheduler.run();

    expect(fired).toEqual([1, 2, 3]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('broken');
      },
    ],
  ])('rejects the run when an event %s', async (_, task) => {
    const scheduler = createScheduler({ seed: 1, startMs: 0 });
    scheduler.at(0, task);

    await expect(scheduler.run()).rejects.toThrow('broken');
  });

  it('waits real time when its speed is finite', async () => {
    const scheduler = createScheduler({ seed: 1, startMs: 0, speed: 1_000 });
    scheduler.at(40_000, () => {});
    const beforeMs = performance.now();

    await scheduler.run();

    expect(performance.now() - beforeMs).toBeGreaterThanOrEqual(35);
    expect(scheduler.nowMs).toBe(40_000);
  });

  it('fires an event from outside at its real time while it waits for a later one', async () => {
    const scheduler = createScheduler({ seed: 1, startMs: 0, speed: 1_000 });
    const fired: [string, number][] = [];
    scheduler.at(60_000, () => {
      fired.push(['planned', scheduler.nowMs]);
    });
    setTimeout(() => {
      scheduler.at(scheduler.nowMs, () => {
        fired.push(['outside', scheduler.nowMs]);
      });
    }, 10);

    await scheduler.run();

    expect(fired.map(([name]) => name)).toEqual(['outside', 'planned']);
    expect(fired[0]![1]).toBeGreaterThan(5_000);
    expect(fired[0]![1]).toBeLessThan(60_000);
  });

  it('waits for events from outside when it is told to keep waiting', async () => {
    const scheduler = createScheduler({ seed: 1, startMs: 0, speed: 1 });
    let stopped = false;
    setTimeout(() => {
      scheduler.at(scheduler.nowMs, () => {
        stopped = true;
      });
    }, 5);

    await scheduler.run({ keepWaiting: true, done: () => stopped });

    expect(stopped).toBe(true);
  });
});

describe('random', () => {
  it('draws the same numbers from the same seed and others from the next', () => {
    const draw = (seed: number) => {
      const random = createRandom(seed);
      return Array.from({ length: 20 }, () => random.int(1_000));
    };

    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  it('spreads evenly over its range', () => {
    const random = createRandom(3);
    const counts = new Array<number>(10).fill(0);
    for (let draw = 0; draw < 100_000; draw += 1) counts[random.int(10)]! += 1;

    expect(Math.min(...counts)).toBeGreaterThan(9_500);
    expect(Math.max(...counts)).toBeLessThan(10_500);
  });
});
