/** One stream record is one entry; its bytes are kept once, without S3 too; expired entries stay counted. */
import type { Mutant } from './mutant';

const BYTES = 'layers/core/src/quarantine/bytes.ts';
const DRAFT = 'layers/core/src/commit/draft.ts';
const REFUSED_TEST = 'tests/unit/functions/stream-consumer/refused.test.ts';
const TALLY_TEST = 'tests/property/quarantine-tally.property.test.ts';
const EXPAND_TEST = 'tests/unit/core/record/expand.test.ts';

export const QUARANTINE_MUTANTS: readonly Mutant[] = [
  {
    name: 'bytes are written for every commit that refuses a part of them',
    rule: 'quarantine',
    test: REFUSED_TEST,
    patches: [{ file: BYTES, find: 'source.kept ??= keep(', put: 'source.kept = keep(' }],
  },
  {
    name: 'late outputs of one record get an entry each',
    rule: 'quarantine',
    test: REFUSED_TEST,
    patches: [
      {
        file: DRAFT,
        find: 'output.reason === reason && output.detail === detail;',
        put: 'output.reason === reason && output.detail === detail && Number.isNaN(0);',
      },
    ],
  },
  {
    name: 'refused records wait for S3',
    rule: 'quarantine',
    test: REFUSED_TEST,
    patches: [
      {
        file: BYTES,
        find: 'if (!(error instanceof UnavailableError || error instanceof DeadlineError)) throw error;',
        put: 'if (!(error instanceof UnavailableError || error instanceof DeadlineError) || place.sequence !== "") throw error;',
      },
    ],
  },
  {
    name: 'S3 is asked for every record while it is away',
    rule: 'quarantine',
    test: REFUSED_TEST,
    patches: [
      {
        file: 'layers/core/src/quarantine/patience.ts',
        find: 'awayUntilMs = clock.nowMs() + AWAY_MS;',
        put: 'awayUntilMs = clock.nowMs() + 0 * AWAY_MS;',
      },
    ],
  },
  {
    name: 'all entries of a shard under one partition key',
    rule: 'quarantine',
    test: REFUSED_TEST,
    patches: [
      {
        file: 'layers/core/src/fold/key.ts',
        find: 'return ((hash ^ (hash >>> 16)) >>> 0) % buckets;',
        put: 'return (((hash ^ (hash >>> 16)) >>> 0) * 0) % buckets;',
      },
    ],
  },
  {
    name: 'outputs of transforms are bounded for each user record only',
    rule: 'quarantine',
    test: EXPAND_TEST,
    patches: [
      {
        file: 'layers/core/src/record/expand.ts',
        find: '    budget.left -= outputs.length;',
        put: '    budget.left -= 0 * outputs.length;',
      },
    ],
  },
  {
    name: 'readers count what is in the tally once more',
    rule: 'quarantine',
    test: TALLY_TEST,
    patches: [
      {
        file: 'layers/core/src/results/quarantine.ts',
        find: '} else if (item.sk > through) yield item;',
        put: '} else if (item.sk > through || through !== "") yield item;',
      },
    ],
  },
  {
    name: 'a sweep begins again where the last one began',
    rule: 'quarantine',
    test: TALLY_TEST,
    patches: [
      {
        file: 'layers/core/src/quarantine/tally.ts',
        find: 'if (item.sk <= tally.counted) continue;',
        put: 'if (item.sk < tally.counted) continue;',
      },
    ],
  },
  {
    name: 'entries expire before their counts are safe',
    rule: 'quarantine',
    test: TALLY_TEST,
    patches: [
      {
        file: 'layers/core/src/quarantine/tally.ts',
        find: 'item.ttl * 1000 - TALLY_MARGIN_MS <= nowMs;',
        put: 'item.ttl * 1000 - 0 * TALLY_MARGIN_MS <= nowMs;',
      },
    ],
  },
];
