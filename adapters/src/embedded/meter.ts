import type { KeyValueStore } from '@millrace/core/port';

/** What the calls would have cost on AWS: the units DynamoDB bills, for standard on-demand tables. */
export interface Meter {
  /** Calls of each method of the port. */
  readonly calls: Readonly<Record<keyof KeyValueStore, number>>;
  /** ceil(bytes / 1024) of the larger of old and new item, plus one per changed index entry. */
  readonly writeUnits: number;
  /** ceil(bytes / 4096) of each item read by key or of each page; halves for index pages. */
  readonly readUnits: number;
  reset(): void;
}

export interface MeterSink extends Meter {
  called(method: keyof KeyValueStore): void;
  wrote(bytes: number): void;
  read(bytes: number, consistency: 'strong' | 'eventual'): void;
}

const WRITE_UNIT_BYTES = 1024;
const READ_UNIT_BYTES = 4096;

export function createMeter(): MeterSink {
  let [calls, writeUnits, readUnits] = [noCalls(), 0, 0];
  return {
    get calls() {
      return { ...calls };
    },
    get writeUnits() {
      return writeUnits;
    },
    get readUnits() {
      return readUnits;
    },
    reset() {
      [calls, writeUnits, readUnits] = [noCalls(), 0, 0];
    },
    called(method) {
      calls[method]++;
    },
    wrote(bytes) {
      writeUnits += Math.max(1, Math.ceil(bytes / WRITE_UNIT_BYTES));
    },
    read(bytes, consistency) {
      const units = Math.max(1, Math.ceil(bytes / READ_UNIT_BYTES));
      readUnits += consistency === 'strong' ? units : units / 2;
    },
  };
}

function noCalls(): Record<keyof KeyValueStore, number> {
  return { getMany: 0, put: 0, update: 0, increment: 0, delete: 0, query: 0, scan: 0 };
}
