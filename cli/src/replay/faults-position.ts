import { compareSequence } from '@millrace/core/record/sequence';
import type { QuarantineLine } from '@millrace/core/results/quarantine-lines';
import type { Positions } from './faults-records';

/** Names positions as the recording does, so that a resharded run can be compared with a calm one. */
export function atRecordedPositions(
  lines: readonly QuarantineLine[],
  positions: Positions | null,
): readonly QuarantineLine[] {
  if (positions === null) return lines;
  return lines
    .map((line) => ({ ...line, ...positions.get(`${line.shard} ${line.sequence}`) }))
    .sort(
      (a, b) =>
        byText(a.shard, b.shard) ||
        compareSequence(a.sequence, b.sequence) ||
        a.sub - b.sub ||
        byText(a.metric ?? '', b.metric ?? ''),
    );
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
