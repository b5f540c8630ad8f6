import type { BytesPlace, RecordSource } from '@millrace/core/quarantine/bytes';
import { UserRecord } from './decode';

/** How a stream record's text was read, where it is not the usual way: base64 of one user record. */
export type Reading = 'usual' | 'aggregate' | 'not base64';

export function readingOf(decoded: UserRecord | readonly UserRecord[]): Reading {
  if (!(decoded instanceof UserRecord)) return 'aggregate';
  return decoded.refused?.reason === 'base64' ? 'not base64' : 'usual';
}

/** A stream record's exact bytes, and nothing that was decoded from them. */
export class RecordBytes implements RecordSource {
  readonly partitionKey: string;
  readonly isAggregate: boolean;
  kept: Promise<BytesPlace> | null = null;
  readonly #data: string;
  readonly #encoding: 'base64' | 'utf8';

  constructor(data: string, partitionKey: string, reading: Reading) {
    this.partitionKey = partitionKey;
    this.isAggregate = reading === 'aggregate';
    this.#data = data;
    // Text that is not base64 is kept as it came.
    this.#encoding = reading === 'not base64' ? 'utf8' : 'base64';
  }

  bytes(): Uint8Array {
    return Buffer.from(this.#data, this.#encoding);
  }
}
