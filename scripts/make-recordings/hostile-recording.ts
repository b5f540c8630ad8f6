import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { createPlacement } from '../../cli/src/produce/placement';
import { recordLine } from '../../cli/src/recording/write';
import { equalShards } from '../../cli/src/replay/hash-range';

/** What a consumer must make of a record; `invalid:` is followed by the reason. */
export type Expectation = 'applied' | 'late' | 'duplicate' | 'unmatched' | `invalid:${string}`;

/** Where all hostile recordings begin: a Sunday midnight. */
export const T0 = Date.UTC(2026, 2, 1);

export interface HostileRecord {
  readonly expect: Expectation;
  /** Why a consumer might get it wrong. */
  readonly why: string;
  readonly partitionKey: string;
  /** Milliseconds after T0. Records are given in order of arrival. */
  readonly afterMs: number;
  /** A JSON text or exact bytes; `base64` stands in the event as it is, even when it is none. */
  readonly data: string | Uint8Array | { readonly base64: string };
}

export interface HostileRecording {
  readonly name: string;
  readonly gzip: boolean;
  readonly origin: string;
  readonly records: readonly HostileRecord[];
}

const SHARDS = 2;
const FOLDER = 'events/recordings';

/**
 * Writes a recording whose every line says, in notes a reader ignores, what must become of it, and the
 * sums of that as its truth file. The expectations are written by hand, never computed by our own code.
 */
export function writeHostile(recording: HostileRecording): string {
  const shards = equalShards(SHARDS);
  const place = createPlacement(shards);
  const header = {
    kind: 'header',
    v: 1,
    stream: 'hostile',
    shards,
    origin: `${recording.origin}; written by scripts/make-recordings`,
    licence: 'Apache-2.0',
  };
  const lines = [JSON.stringify(header)];
  for (const record of recording.records) {
    const at = { ...place(record.partitionKey), partitionKey: record.partitionKey };
    const arrivalMs = T0 + record.afterMs;
    const notes = JSON.stringify({ _expect: record.expect, _why: record.why });
    lines.push(`${lineOf({ ...at, arrivalMs }, record.data).slice(0, -1)},${notes.slice(1)}`);
  }
  const text = `${lines.join('\n')}\n`;
  const sha256 = createHash('sha256').update(text).digest('hex');
  const end = JSON.stringify({ kind: 'end', records: recording.records.length, sha256 });
  const path = `${FOLDER}/hostile.${recording.name}.ndjson${recording.gzip ? '.gz' : ''}`;
  const bytes = Buffer.from(`${text}${end}\n`);
  writeFileSync(path, recording.gzip ? gzipSync(bytes, { level: 9 }) : bytes);
  writeFileSync(`${path}.truth.json`, `${JSON.stringify(truthOf(recording), null, 2)}\n`);
  return `${path}: ${recording.records.length} records`;
}

interface Place {
  readonly shard: string;
  readonly sequence: string;
  readonly partitionKey: string;
  readonly arrivalMs: number;
}

function lineOf(place: Place, data: HostileRecord['data']): string {
  if (typeof data === 'object' && 'base64' in data) {
    const { shard: s, sequence: q, partitionKey: p, arrivalMs } = place;
    return JSON.stringify({ s, q, p, a: arrivalMs / 1000, d: data.base64 });
  }
  const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
  return recordLine({ ...place, bytes });
}

function truthOf({ records }: HostileRecording) {
  const count = (expect: string) => records.filter((record) => record.expect === expect).length;
  const invalid = records.filter(({ expect }) => expect.startsWith('invalid:'));
  const reasons = [...new Set(invalid.map(({ expect }) => expect.slice('invalid:'.length)))].sort();
  return {
    v: 1,
    expected: {
      records: records.length,
      in: records.length,
      applied: count('applied'),
      late: count('late'),
      duplicate: count('duplicate'),
      invalid: invalid.length,
      unmatched: count('unmatched'),
    },
    reasons: Object.fromEntries(reasons.map((reason) => [reason, count(`invalid:${reason}`)])),
  };
}

/** Collects the records of one recording, a second apart unless told otherwise. */
export function hostileScript(stepMs = 1_000) {
  const records: HostileRecord[] = [];
  let afterMs = 0;
  return {
    records,
    /** Milliseconds after T0 at which the next record arrives. */
    get nowMs() {
      return afterMs;
    },
    wait(ms: number): void {
      afterMs += ms;
    },
    add(
      expect: Expectation,
      why: string,
      data: HostileRecord['data'],
      partitionKey = 'hostile',
    ): void {
      records.push({ expect, why, partitionKey, afterMs, data });
      afterMs += stepMs;
    },
  };
}
