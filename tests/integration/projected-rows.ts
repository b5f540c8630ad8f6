import { readFileSync } from 'node:fs';
import { parsePipelineText } from '@millrace/core/pipeline/parse';
import { ROW_CASES, ROWS_METRIC, ROWS_START_MS } from '../../scripts/sample-events/row-cases';
import type { WrittenRow } from './timestream-door';

const { pipeline } = parsePipelineText(readFileSync('pipeline.json', 'utf8'));

interface RowsTable {
  readonly database: string;
  readonly table: string;
}

/** What a sample event of this name puts into Timestream, by the notes and values of its rows. */
export function projectedRows(name: string, { database, table }: RowsTable): Partial<WrittenRow>[] {
  const metric = pipeline.metrics.find((each) => each.name === ROWS_METRIC);
  const sizeMs = metric?.window.sizeMs as number;
  const { rows = [] } = ROW_CASES.find((each) => each.name === name) ?? {};
  const projected = rows.filter(({ note }) => note === 'projected');
  return projected.map(({ series, window, rev, values }) => {
    const timeMs = ROWS_START_MS + window * sizeMs;
    const sum = values.reduce((total, value) => total + value, 0);
    return {
      ...{ database, table, measureName: ROWS_METRIC, timeMs, version: rev },
      dimensions: { metric: ROWS_METRIC, series, part: series },
      measures: expect.objectContaining({
        count: `DOUBLE ${values.length}`,
        mean: `DOUBLE ${sum / values.length}`,
        max: `DOUBLE ${Math.max(...values)}`,
        p99: expect.stringMatching(/^DOUBLE \d/),
        window_end: `TIMESTAMP ${timeMs + sizeMs}`,
        rev: `BIGINT ${rev}`,
        late: `BIGINT ${rev - 1}`,
        anomaly: 'BOOLEAN false',
        score: 'DOUBLE 0.1',
      }) as Record<string, string>,
    };
  });
}

/** Within a request no order is promised. */
export function inOrder<Row extends Partial<WrittenRow>>(rows: readonly Row[]): Row[] {
  const keyOf = ({ dimensions, timeMs }: Row) => `${dimensions?.series} ${timeMs}`;
  return [...rows].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** As moto holds them: without the common attributes. */
export async function storedRows(endpoint: string, table: string) {
  const answer = await fetch(`${endpoint}/moto-api/data.json`);
  const data = (await answer.json()) as {
    timestreamwrite: { TimestreamTable: { name: string; records: StoredRecord[] }[] };
  };
  const { TimestreamTable: tables } = data.timestreamwrite;
  const made = tables.filter(({ name }) => name === table).at(-1);
  return (made?.records ?? []).map(({ Time, Version, MeasureValues }) => ({
    ...{ timeMs: Number(Time), version: Version },
    measures: Object.fromEntries(
      MeasureValues.map(({ Name, Type, Value }) => [Name, `${Type} ${Value}`]),
    ),
  }));
}

interface StoredRecord {
  readonly Time: string;
  readonly Version: number;
  readonly MeasureValues: readonly { Name: string; Type: string; Value: string }[];
}
