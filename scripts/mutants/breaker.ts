/** The circuit breaker in front of a projection. */
import type { Mutant } from './mutant';

const BREAKER = 'adapters/src/breaker/breaker.ts';
const TEST = 'tests/property/breaker.property.test.ts';

export const BREAKER_MUTANTS: readonly Mutant[] = [
  {
    name: 'an open breaker lets calls through',
    rule: 'breaker',
    test: TEST,
    patches: [
      {
        file: BREAKER,
        find: "return permitAt(state, clock.nowMs()) === 'wait' ? refuse(state) : state;",
        put: 'return state;',
      },
    ],
  },
  {
    name: 'whoever comes too late to probe calls all the same',
    rule: 'breaker',
    test: TEST,
    patches: [
      {
        file: BREAKER,
        find: "return other.state === 'closed' ? other : refuse(other);",
        put: 'return other;',
      },
    ],
  },
  {
    name: 'no version condition on the breaker',
    rule: 'breaker',
    test: TEST,
    patches: [
      {
        file: BREAKER,
        find: "({ kind: 'equals', attribute: 'ver', value: from.ver } as const)",
        put: "({ kind: 'exists' } as const)",
      },
    ],
  },
  {
    name: 'failures never open the breaker',
    rule: 'breaker',
    test: TEST,
    patches: [
      {
        file: BREAKER,
        find: 'if (!isProbe && failures < FAILURES_MAX) return;',
        put: 'if (!isProbe) return;',
      },
    ],
  },
];
