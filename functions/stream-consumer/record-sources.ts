import { type Reading, RecordBytes } from '@millrace/adapters/kinesis/record-bytes';
import type { KinesisStreamRecord } from 'aws-lambda';
import { partitionKeyOf } from './event-record';

/**
 * The bytes of a batch's stream records, for the quarantine. Each source is made when it is asked for,
 * which of nearly all records never happens: an object per record that lives until the commit would be
 * copied by every collection of garbage.
 */
export class RecordSources {
  readonly #records: readonly KinesisStreamRecord[];
  readonly #readings = new Map<number, Reading>();
  readonly #made = new Map<number, RecordBytes>();

  constructor(records: readonly KinesisStreamRecord[]) {
    this.#records = records;
  }

  note(recordIndex: number, reading: Reading): void {
    if (reading !== 'usual') this.#readings.set(recordIndex, reading);
  }

  /** The same object for all that was decoded from a stream record. */
  of(recordIndex: number): RecordBytes {
    const known = this.#made.get(recordIndex);
    if (known !== undefined) return known;
    const { kinesis } = this.#records[recordIndex] as KinesisStreamRecord;
    const reading = this.#readings.get(recordIndex) ?? 'usual';
    const source = new RecordBytes(kinesis.data, partitionKeyOf(kinesis), reading);
    this.#made.set(recordIndex, source);
    return source;
  }
}
