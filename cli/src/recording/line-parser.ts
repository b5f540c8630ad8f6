import { compareSequence } from '@millrace/core/record/sequence';
import { type Fail, HEADER_FIELDS, type Members, parseHeader, SHARDS_MAX } from './header-line';
import type { RecordedRecord, RecordedShard, RecordingHeader } from './record';
import { parseRecord, RECORD_FIELDS } from './record-line';
import { atLine, shown } from './recording-error';

export interface Trailer {
  readonly records: number;
  readonly sha256: string;
}

export type ParsedLine =
  | { readonly kind: 'header'; readonly header: RecordingHeader }
  | { readonly kind: 'record'; readonly record: RecordedRecord }
  | { readonly kind: 'end'; readonly trailer: Trailer };

const UNKNOWN_FIELDS_NOTED_MAX = 20;

/** Gives the lines of one recording their meaning, and checks what only holds across lines. */
export class LineParser {
  /** Number of the line at hand, from 1. */
  line = 0;
  records = 0;
  header: RecordingHeader | null = null;
  readonly #path: string;
  readonly #warn: (message: string) => void;
  readonly #lastSequence = new Map<string, string | null>();
  readonly #unknownFields = new Set<string>();

  constructor(path: string, warn: (message: string) => void) {
    this.#path = path;
    this.#warn = warn;
  }

  readonly fail: Fail = (problem) => {
    throw atLine(this.#path, this.line, problem);
  };

  parse(text: string): ParsedLine {
    const members = this.#members(text);
    if (this.header === null) {
      const header = parseHeader(members, this.fail);
      this.#acceptHeader(header);
      this.#noteUnknown(members, HEADER_FIELDS);
      return { kind: 'header', header };
    }
    if (members.kind === 'end') return { kind: 'end', trailer: this.#trailer(members) };
    if (members.kind !== undefined) {
      this.fail(`expected a record or the trailer, got kind ${shown(members.kind)}`);
    }
    const record = parseRecord(text, members, this.fail);
    this.#noteUnknown(members, RECORD_FIELDS);
    this.#acceptPosition(record);
    this.records += 1;
    return { kind: 'record', record };
  }

  /** Of the header, or else of the records read so far. */
  shards(): readonly RecordedShard[] {
    if (this.header?.shards) return this.header.shards;
    const ids = [...this.#lastSequence.keys()];
    return ids.map((id) => ({ id, parent: null, adjacent: null, hash: null }));
  }

  #members(text: string): Members {
    if (text.startsWith('\ufeff')) {
      this.fail('expected UTF-8 without a byte order mark, got one in front of the line');
    }
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return this.fail(`expected ${this.#expected()}, got ${shown(text)}`);
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return this.fail(`expected ${this.#expected()}, got ${shown(value)}`);
    }
    return value as Members;
  }

  /** Whoever brings another format learns at its first line what a recording is. */
  #expected(): string {
    return this.header === null
      ? 'the header {"kind":"header","v":1} of a recording'
      : 'a JSON object';
  }

  #acceptHeader(header: RecordingHeader): void {
    this.header = header;
    for (const shard of header.shards ?? []) this.#lastSequence.set(shard.id, null);
  }

  #acceptPosition({ shard, sequence }: RecordedRecord): void {
    const last = this.#lastSequence.get(shard);
    if (last === undefined) this.#acceptNewShard(shard);
    if (last && compareSequence(sequence, last) <= 0) {
      this.fail(`q: expected more than ${last}, the one before it in ${shard}, got ${sequence}`);
    }
    this.#lastSequence.set(shard, sequence);
  }

  #acceptNewShard(shard: string): void {
    if (this.header?.shards) this.fail(`s: expected a shard of the header, got ${shown(shard)}`);
    if (this.#lastSequence.size >= SHARDS_MAX) {
      this.fail(`s: expected at most ${SHARDS_MAX} shards, got one more`);
    }
  }

  #trailer({ records, sha256 }: Members): Trailer {
    if (typeof records !== 'number' || !Number.isSafeInteger(records) || records < 0) {
      return this.fail(`records: expected a whole number, got ${shown(records)}`);
    }
    if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/i.test(sha256)) {
      return this.fail(`sha256: expected 64 hexadecimal digits, got ${shown(sha256)}`);
    }
    return { records, sha256: sha256.toLowerCase() };
  }

  /** A misspelt field deserves a word, once; `_field` is a note. */
  #noteUnknown(members: Members, known: readonly string[]): void {
    for (const name in members) {
      if (known.includes(name) || name.startsWith('_') || this.#unknownFields.has(name)) continue;
      if (this.#unknownFields.size >= UNKNOWN_FIELDS_NOTED_MAX) return;
      this.#unknownFields.add(name);
      this.#warn(`${this.#path}: line ${this.line}: unknown field ${shown(name)} is ignored`);
    }
  }
}
