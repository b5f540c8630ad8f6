import { createTimeLimit } from '@millrace/adapters/time-limit';
import { TimeLimitError } from '@millrace/core/record/time-limit';

/** Endless work of the kinds that user code falls into. */
const ENDLESS: readonly (readonly [name: string, work: () => unknown])[] = [
  [
    'a loop',
    () => {
      for (;;);
    },
  ],
  ['a regular expression that tries everything', () => /^(a+)+$/.test(`${'a'.repeat(60)}b`)],
  [
    'a generator that never ends',
    () => {
      function* ones() {
        for (;;) yield 1;
      }
      let sum = 0;
      for (const one of ones()) sum += one;
      return sum;
    },
  ],
  [
    'a loop that catches everything',
    () => {
      for (;;) {
        try {
          for (;;);
        } catch {
          // Goes on.
        } finally {
          // Goes on.
        }
      }
    },
  ],
  ['a sort whose comparison never settles', () => endlessSort()],
];

function endlessSort(): number[] {
  const numbers = Array.from({ length: 1_000 }, (_, at) => at);
  for (;;) numbers.sort((a, b) => b - a).reverse();
}

const SHORT_MS = 50;
/** For what ends at once, on a machine with much else to do. */
const LONG_MS = 30_000;

describe('createTimeLimit', () => {
  const limit = createTimeLimit();

  test.each(ENDLESS)('ends %s, and runs the next work as if nothing had been', (_name, work) => {
    expect(() => limit.run(work, SHORT_MS)).toThrow(TimeLimitError);
    expect(limit.run(() => 'next', LONG_MS)).toBe('next');
  });

  test.each([undefined, null, 0, 'text', { a: 1 }])(
    'answers what the work answers: %p',
    (value) => {
      expect(limit.run(() => value, LONG_MS)).toBe(value);
    },
  );

  test.each([new TypeError('own'), new TimeLimitError('inner'), 'a string', undefined])(
    'throws what the work throws: %p',
    (thrown) => {
      let caught: unknown = 'nothing';
      try {
        limit.run(() => {
          throw thrown;
        }, LONG_MS);
      } catch (error) {
        caught = error;
      }
      expect(caught).toBe(thrown);
    },
  );

  test('an error that only looks like a time-out is the work’s own', () => {
    const thrown = Object.assign(new Error('mine'), { code: 'ERR_SCRIPT_EXECUTION_TIMEOUT' });
    expect(() =>
      limit.run(() => {
        throw thrown;
      }, LONG_MS),
    ).toThrow(thrown);
  });

  test('what it runs may itself run something under a shorter limit', () => {
    const inner = createTimeLimit();
    const outcome = limit.run(() => {
      try {
        return inner.run(() => endlessSort(), SHORT_MS);
      } catch (error) {
        return (error as Error).name;
      }
    }, LONG_MS);
    expect(outcome).toBe('TimeLimitError');
  });
});
