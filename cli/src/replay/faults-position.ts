import { compareSequence } from '@millrace/core/record/sequence';
import type { QuarantineView } from '@millrace/core/results/view';
import type { Positions } from './faults-records';

/** Names positions as the recording does, so that a resharded run can be compared with a calm one. */
export function atRecordedPositions(
  views: readonly QuarantineView[],
  positions: Positions | null,
): readonly QuarantineView[] {
  if (positions === null) return views;
  return views
    .map((view) => ({ ...view, ...positions.get(`${view.shard} ${view.sequence}`) }))
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
