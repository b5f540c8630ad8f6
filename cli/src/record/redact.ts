import { isUtf8 } from 'node:buffer';
import { createHash, createHmac } from 'node:crypto';
import { largeInteger } from '@millrace/core/json/large-integer';
import type { Path } from '@millrace/core/pipeline/pipeline';
import { formatPath } from '@millrace/core/record/path';
import { replaceSpans, valueSpans } from './value-spans';

/** What `--redact` names for the partition key, which is no part of the record's JSON. */
export const PARTITION_KEY = '@partitionKey';

export interface Redaction {
  readonly paths: readonly Path[];
  readonly partitionKey: boolean;
  /** Of the hash: who has it can test guesses, nobody else can. */
  readonly key: string;
}

const HASH_HEX_LENGTH = 16;
/** A number stays a number, and an integer that every JSON reader holds exactly. */
const NUMBER_HEX_LENGTH = 12;

/** In a path of `--redact`: every field of an object, every entry of a list. */
export const EVERY = '*';

/** Paths of `--redact` that found something, as `formatPath` writes them. */
export type Found = Set<string>;

/**
 * The record's bytes with the values at the paths exchanged for hashes; all other text as it was.
 * null when the bytes are no JSON object: what cannot be looked into cannot be redacted.
 */
export function redactRecord(
  bytes: Uint8Array,
  redaction: Redaction,
  found: Found,
): Uint8Array | null {
  if (!isUtf8(bytes)) return null;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  if (!isJsonObject(text)) return null;
  const spans = redaction.paths.flatMap((path) => {
    const ofPath = valueSpans(text, path, EVERY);
    if (ofPath.length > 0) found.add(formatPath(path));
    return ofPath;
  });
  return Buffer.from(replaceSpans(text, spans, (value) => hashValue(value, redaction.key)));
}

/** Strings become 16 hexadecimal digits, numbers a number, lists and objects one string. */
function hashValue(text: string, key: string): string | null {
  const first = text[0] ?? '';
  if (first === 't' || first === 'f' || first === 'n') return null;
  if (first === '"') return JSON.stringify(redactText(JSON.parse(text) as string, key));
  const isNumber = first === '-' || (first >= '0' && first <= '9');
  // 1 and 1.0 are the same number and stay the same; two long ids stay two.
  if (!isNumber) return JSON.stringify(redactText(text, key));
  const hash = digest(`number ${largeInteger(text) ?? Number(text)}`, key).slice(
    0,
    NUMBER_HEX_LENGTH,
  );
  return String(Number.parseInt(hash, 16));
}

export function redactText(text: string, key: string): string {
  return digest(`string ${text}`, key).slice(0, HASH_HEX_LENGTH);
}

function digest(text: string, key: string): string {
  return createHmac('sha256', key).update(text).digest('hex');
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** Whether a partition key is among the share that is kept: the same keys in every recording. */
export function isSampled(partitionKey: string, share: number): boolean {
  if (share >= 1) return true;
  const hash = createHash('sha256').update(partitionKey).digest().readUInt32BE(0);
  return hash / 2 ** 32 < share;
}
