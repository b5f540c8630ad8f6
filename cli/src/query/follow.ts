import type { Pipeline } from '@millrace/core/pipeline/pipeline';
import type { Clock } from '@millrace/core/port';
import type { RowView } from '@millrace/core/results/view';
import { type QuerySource, selectRows } from './read';
import type { Selection } from './selection';

export interface FollowOptions {
  readonly source: QuerySource;
  readonly selection: Selection;
  readonly clock: Clock;
  readonly everyMs: number;
  /** Gets rows that are new, or have a new revision. */
  readonly print: (row: RowView) => void;
  /** Asked after every look. */
  readonly isOver: () => boolean;
}

/** Looks again and again, each time from the oldest window that can still be revised. */
export async function follow(options: FollowOptions): Promise<void> {
  const { source, clock, everyMs, print, isOver } = options;
  let { selection } = options;
  const slackMs = revisionSpanMs(source.pipeline, selection.metric);
  let seen = new Map<string, string>();
  for (;;) {
    const rows = await selectRows(source, selection, Number.POSITIVE_INFINITY);
    const now = new Map<string, string>();
    for (const row of rows) {
      const name = JSON.stringify([row.metric, row.series, row.startMs]);
      const mark = `${row.rev}/${row.late}/${row.values.count ?? ''}`;
      now.set(name, mark);
      if (seen.get(name) !== mark) print(row);
    }
    if (isOver()) return;
    // Only what the next look covers is remembered.
    const newestMs = Math.max(...rows.map(({ startMs }) => startMs));
    if (rows.length > 0) {
      selection = { ...selection, fromMs: Math.max(selection.fromMs ?? 0, newestMs - slackMs) };
    }
    seen = rows.length > 0 ? now : seen;
    await clock.sleep(everyMs);
    if (isOver()) return;
  }
}

/** How far behind the newest window of a series another of it may still be published. */
function revisionSpanMs({ metrics }: Pipeline, metric: string | null): number {
  const spans = metrics
    .filter(({ name }) => metric === null || name === metric)
    .map((m) => m.window.sizeMs + m.outOfOrdernessMs + m.allowedLatenessMs + m.idleCloseMs);
  return 2 * Math.max(3_600_000, ...spans);
}
