import { parseSeriesPartition, unescapePart } from '@millrace/core/fold/key';
import type { RowOutput } from '@millrace/core/fold/state';
import type { Key } from '@millrace/core/port';
import type { DynamoDBRecord } from 'aws-lambda';

/** A row item of the Results table, as its stream shows it. */
export interface RowItem {
  readonly pk: string;
  readonly sk: string;
  readonly metric: string;
  readonly series: string;
  /** The partition key, or of a very long one its digest. */
  readonly part: string;
  readonly row: RowOutput;
}

/** `other`: no row, or one that is gone. `broken`: a row that cannot be read. */
export function readRowItem({ dynamodb }: DynamoDBRecord): RowItem | 'other' | 'broken' {
  const { pk, sk, body } = dynamodb?.NewImage ?? {};
  if (pk?.S === undefined || sk?.S === undefined) return 'other';
  return rowItemOf({ pk: pk.S, sk: sk.S }, body?.S);
}

/** The same from the table itself. */
export function rowItemOf({ pk, sk }: Key, body: string | undefined): RowItem | 'other' | 'broken' {
  if (!pk.startsWith('R#')) return 'other';
  const row = parseRow(body);
  if (row === null) return 'broken';
  const [, part = ''] = sk.split('#');
  const isName = part.startsWith('=');
  return {
    ...{ pk, sk, ...parseSeriesPartition(pk) },
    part: isName ? unescapePart(part.slice(1)) : part,
    row,
  };
}

function parseRow(text: string | undefined): RowOutput | null {
  try {
    const row = JSON.parse(text ?? '') as Partial<RowOutput> | null;
    const numbers = [row?.startMs, row?.endMs, row?.rev, row?.late];
    const isWhole = numbers.every(Number.isSafeInteger) && Array.isArray(row?.aggregate);
    return isWhole ? (row as RowOutput) : null;
  } catch {
    return null;
  }
}
