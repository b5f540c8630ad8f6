import { BugError } from '@millrace/core/error';

export type ObjectMetadata = Readonly<Record<string, string>>;

/** S3's own limits: a key in UTF-8, and all metadata names and values of an object together. */
export const OBJECT_KEY_BYTES_MAX = 1024;
export const METADATA_BYTES_MAX = 2048;
/** Keys in one page of a listing, as S3 has it. */
export const LIST_KEYS_MAX = 1000;

/** Throws `BugError` for a key that no object store would take. */
export function checkObjectKey(key: string): void {
  if (key === '') throw new BugError('the key of an object is empty');
  if (/\p{Surrogate}/u.test(key)) throw new BugError('the key of an object: unpaired surrogate');
  if (Buffer.byteLength(key) > OBJECT_KEY_BYTES_MAX) {
    throw new BugError(`the key of an object has more than ${OBJECT_KEY_BYTES_MAX} bytes`);
  }
}

/** Keys asked for in one page. Throws `BugError` for less than one. */
export function listLimit(limit: number | undefined): number {
  if (limit !== undefined && !(limit >= 1)) throw new BugError(`a page of ${limit} keys`);
  return Math.min(limit ?? LIST_KEYS_MAX, LIST_KEYS_MAX);
}

/**
 * Metadata travels in HTTP headers, which hold printable ASCII and lose outer blanks: everything
 * else is percent-encoded. Throws `BugError` for names S3 would change and for more than it takes.
 */
export function encodedMetadata(metadata: ObjectMetadata): Record<string, string> {
  const encoded: Record<string, string> = {};
  let bytes = 0;
  for (const [name, value] of Object.entries(metadata)) {
    if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) {
      throw new BugError(`metadata name "${name}": small letters, digits and hyphens only`);
    }
    if (/\p{Surrogate}/u.test(value)) throw new BugError(`metadata ${name}: unpaired surrogate`);
    const text = value.replace(/^ | $|[^ -$&-~]/gu, encodeURIComponent);
    encoded[name] = text;
    bytes += name.length + text.length;
  }
  if (bytes > METADATA_BYTES_MAX) {
    throw new BugError(
      `metadata has ${bytes} bytes, an object holds at most ${METADATA_BYTES_MAX}`,
    );
  }
  return encoded;
}

export function decodedMetadata(encoded: Readonly<Record<string, string>>): ObjectMetadata {
  const entries = Object.entries(encoded);
  return Object.fromEntries(entries.map(([name, text]) => [name, decoded(text)]));
}

/** Objects that others wrote may hold a percent sign of their own. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
