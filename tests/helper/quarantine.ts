/** What the quarantine holds, as its readers see it. */
import { userRecordsOf } from '@millrace/adapters/kinesis/aggregate';
import {
  type QuarantineLine,
  type QuarantineStores,
  readQuarantine,
} from '@millrace/core/results/quarantine-lines';

export function quarantineOf(stores: QuarantineStores): Promise<QuarantineLine[]> {
  return readQuarantine(stores, userRecordsOf);
}

/** The bytes of a line as text. */
export function textOf({ data }: QuarantineLine): string {
  return data === null ? 'gone' : Buffer.from(data).toString();
}
