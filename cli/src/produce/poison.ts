import type { InvalidReason } from '@millrace/core/record/record';

export interface HostRecord {
  readonly type: 'host';
  readonly id: string;
  readonly host: string;
  readonly ts: number;
  readonly value: number;
}

export interface PoisonKind {
  readonly name: string;
  /** What the consumer must call it. */
  readonly reason: InvalidReason;
  make(record: HostRecord): string | Uint8Array;
}

const DAY_MS = 86_400_000;
const bytes = (text: string) => new TextEncoder().encode(text);

/** Every way in which producers get a record wrong, as data. */
export const POISON_KINDS: readonly PoisonKind[] = [
  {
    name: 'cut in the middle',
    reason: 'json',
    make: (record) => bytes(JSON.stringify(record).slice(0, -12)),
  },
  { name: 'no time', reason: 'time', make: ({ ts: _, ...rest }) => JSON.stringify(rest) },
  {
    name: 'text for a value',
    reason: 'value',
    make: (record) => JSON.stringify({ ...record, value: 'n/a' }),
  },
  { name: 'no host', reason: 'series', make: ({ host: _, ...rest }) => JSON.stringify(rest) },
  {
    name: 'clock a day ahead',
    reason: 'future',
    make: (record) => JSON.stringify({ ...record, ts: record.ts + DAY_MS }),
  },
  {
    name: 'Latin-1 bytes',
    reason: 'json',
    make: (record) => Buffer.from(JSON.stringify({ ...record, host: 'höst' }), 'latin1'),
  },
  {
    name: 'impossible date',
    reason: 'time',
    make: (record) => JSON.stringify({ ...record, ts: '2026-02-30T00:00:00Z' }),
  },
  {
    name: 'null for a value',
    reason: 'value',
    make: (record) => JSON.stringify({ ...record, value: null }),
  },
  {
    name: 'byte order mark',
    reason: 'json',
    make: (record) => bytes(`\uFEFF${JSON.stringify(record)}`),
  },
  { name: 'an array', reason: 'json', make: (record) => bytes(JSON.stringify([record])) },
];
