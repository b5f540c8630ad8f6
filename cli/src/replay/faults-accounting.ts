import type { AccountingView } from '@millrace/core/results/view';
import type { RemovedCounters } from './faults-state';

/** Counts of states that a fault removed: they were committed, and no table holds them any more. */
export function addCounters(view: AccountingView, removed: RemovedCounters): AccountingView {
  const [applied = 0, late = 0, duplicate = 0, invalid = 0, revised = 0, overflow = 0] = removed;
  return {
    ...view,
    applied: view.applied + applied,
    late: view.late + late,
    duplicate: view.duplicate + duplicate,
    invalid: view.invalid + invalid,
    revised: view.revised + revised,
    dedupeOverflow: view.dedupeOverflow + overflow,
  };
}
