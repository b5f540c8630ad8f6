import { REQUEST_RECORDS_MAX } from '@millrace/adapters/aws/timestream-writer';
import type { SeriesRow, TimeSeriesSink } from '@millrace/adapters/time-series-sink';
import { MillraceError } from '@millrace/core/error';
import { parseSeriesPartition, sortableTime } from '@millrace/core/fold/key';
import type { Metric } from '@millrace/core/pipeline/pipeline';
import type { Item, KeyValueStore } from '@millrace/core/port';
import { scanAll } from '@millrace/core/results/pages';
import { createDefinitionReader } from '../../../functions/result-projector/definition-reader';
import { type RowItem, rowItemOf } from '../../../functions/result-projector/row-item';
import { seriesRowOf } from '../../../functions/result-projector/series-row';

export interface ReprojectOptions {
  readonly results: KeyValueStore;
  /** Holds the definitions that rows are read with. */
  readonly control: KeyValueStore;
  /** Null: nothing is written, as in a dry run. */
  readonly sink: TimeSeriesSink | null;
  /** Windows that start at it or later, and before `toMs`. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly metric?: string;
  /** After each page of the table and each write. */
  readonly onProgress?: (counts: ReprojectCounts) => void;
  readonly onRefused?: (row: RefusedRow) => void;
}

export interface ReprojectCounts {
  /** Items of the table that were looked at. */
  readonly items: number;
  /** Of the range: written (or would be), refused by Timestream, or readable by nobody. */
  readonly rows: number;
  readonly written: number;
  readonly refused: number;
}

export interface RefusedRow {
  readonly pk: string;
  readonly sk: string;
  readonly reason: string;
}

interface Projected {
  readonly item: RowItem;
  readonly row: SeriesRow;
}

/**
 * Writes the rows of a range again, through the projector's own mapping. Timestream keeps the highest
 * version of a row, so order and repetition do not matter, and a run that failed is begun anew.
 *
 * @throws UnavailableError when the table or Timestream fails
 */
export async function reproject(options: ReprojectOptions): Promise<ReprojectCounts> {
  const { results, control, sink, onProgress, onRefused } = options;
  const counts = { items: 0, rows: 0, written: 0, refused: 0 };
  const definitionOf = createDefinitionReader({ control, missing: 'remember' });
  const isWanted = selectionOf(options);
  let waiting: Projected[] = [];

  function refuse({ pk, sk }: { pk: string; sk: string }, reason: string): void {
    counts.refused += 1;
    onRefused?.({ pk, sk, reason });
  }

  async function flush(): Promise<void> {
    const rows = waiting;
    waiting = [];
    if (rows.length === 0) return;
    const outcomes = await sink?.write(rows.map(({ row }) => row));
    for (const [at, { item }] of rows.entries()) {
      const outcome = outcomes?.[at];
      if (outcome?.kind === 'refused') refuse(item, outcome.reason);
      else counts.written += 1;
    }
    onProgress?.(counts);
  }

  for await (const item of scanAll(results)) {
    counts.items += 1;
    onProgress?.(counts);
    if (!isWanted(item)) continue;
    const read = rowItemOf(item, item.body === undefined ? undefined : String(item.body));
    if (read === 'other') continue;
    counts.rows += 1;
    if (read === 'broken') {
      refuse(item, 'the row cannot be read');
      continue;
    }
    const definition = await definitionOf(read);
    if (definition === null) {
      refuse(item, `no definition ${read.row.def} of the metric is known`);
      continue;
    }
    const row = mapped(read, definition);
    if (typeof row === 'string') refuse(item, row);
    else waiting.push({ item: read, row });
    if (waiting.length === REQUEST_RECORDS_MAX) await flush();
  }
  await flush();
  return counts;
}

/** The row, or why there is none: newer code wrote it, or it is broken. */
function mapped(item: RowItem, definition: Metric): SeriesRow | string {
  try {
    return seriesRowOf(item, definition);
  } catch (error) {
    if (error instanceof MillraceError) return error.message;
    throw error;
  }
}

function selectionOf({ fromMs, toMs, metric }: ReprojectOptions): (item: Item) => boolean {
  // Sort keys go on with `#`; a time itself is before all of them.
  const [from, to] = [sortableTime(fromMs), sortableTime(toMs)];
  return ({ pk, sk }) =>
    pk.startsWith('R#') &&
    sk >= from &&
    sk < to &&
    (metric === undefined || parseSeriesPartition(pk).metric === metric);
}
