import { BugError } from '@millrace/core/error';
import type { Attribute, Item, Key } from '@millrace/core/port';
import { seriesHash } from '@millrace/core/stored/series-hash';

/** DynamoDB counts 400 KB as 409,600 bytes of attribute names and values together. */
export const ITEM_BYTES_MAX = 409_600;
export const PARTITION_KEY_BYTES_MAX = 2048;
export const SORT_KEY_BYTES_MAX = 1024;

/**
 * Checks an item against the rules every table has, on AWS or not, and answers its size in bytes
 * as DynamoDB measures it. Throws `BugError` naming the attribute that breaks a rule.
 */
export function checkedItemBytes(item: Item): number {
  checkKey(item);
  let bytes = 0;
  for (const name in item) bytes += checkedAttributeBytes(name, item[name]);
  if (bytes > ITEM_BYTES_MAX) {
    throw new BugError(
      `an item ${describeKey(item)} has ${bytes} bytes, a table item holds at most ${ITEM_BYTES_MAX}`,
    );
  }
  return bytes;
}

/** The size of an item that was checked before. */
export function itemBytes(item: Item): number {
  let bytes = 0;
  for (const name in item) bytes += attributeBytes(name, item[name]!);
  return bytes;
}

/** Throws `BugError` for a key that no table would take. */
export function checkKey(key: Key): void {
  checkKeyPart('pk', key.pk, PARTITION_KEY_BYTES_MAX);
  checkKeyPart('sk', key.sk, SORT_KEY_BYTES_MAX);
}

/** One strongly consistent batch read refuses to name a key twice. */
export function checkDistinct(keys: readonly Key[]): void {
  const seen = new Set<string>();
  for (const key of keys) {
    checkKey(key);
    const identity = `${key.pk.length}:${key.pk}${key.sk}`;
    if (seen.has(identity)) throw new BugError(`a key ${describeKey(key)} is asked for twice`);
    seen.add(identity);
  }
}

/** Bytes of one attribute, its name included. Throws `BugError` for what the tables do not hold. */
export function checkedAttributeBytes(name: string, value: Attribute | undefined): number {
  if (name === '' || name === '__proto__') throw new BugError(`"${name}" is no attribute name`);
  switch (typeof value) {
    case 'string':
      // The wire format would replace a lone surrogate, and two different texts become one.
      if (isIllFormed(value)) throw new BugError(`attribute ${name}: unpaired surrogate`);
      break;
    case 'number':
      if (Number.isSafeInteger(value)) break;
      throw new BugError(`attribute ${name}: ${value} is no safe integer`);
    case 'boolean':
      break;
    default:
      throw new BugError(
        `attribute ${name}: ${value === null ? 'null' : typeof value} is not held`,
      );
  }
  return attributeBytes(name, value);
}

function attributeBytes(name: string, value: Attribute): number {
  const nameBytes = Buffer.byteLength(name);
  if (typeof value === 'string') return nameBytes + Buffer.byteLength(value);
  return nameBytes + (typeof value === 'number' ? numberBytes(value) : 1);
}

/** Errors are logged, and keys are data: the hash that logs name an item by. */
export function describeKey(key: Key): string {
  return `with hash ${seriesHash(key)}`;
}

/** The first test is several times as fast, and nearly all texts end there. */
function isIllFormed(text: string): boolean {
  return /[\ud800-\udfff]/.test(text) && /\p{Surrogate}/u.test(text);
}

function checkKeyPart(name: string, value: unknown, bytesMax: number): void {
  if (typeof value !== 'string' || value === '') {
    throw new BugError(`${name} must be a non-empty string`);
  }
  if (isIllFormed(value)) throw new BugError(`${name}: unpaired surrogate`);
  if (value.length * 3 > bytesMax && Buffer.byteLength(value) > bytesMax) {
    throw new BugError(`${name} has more than ${bytesMax} bytes`);
  }
}

/** About one byte for two significant digits, one for the exponent, one for a minus sign. */
function numberBytes(value: number): number {
  if (value === 0) return 1;
  const digits = String(Math.abs(value)).replace(/0+$/, '').length;
  return 1 + Math.ceil(digits / 2) + (value < 0 ? 1 : 0);
}
