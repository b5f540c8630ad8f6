/**
 * File names for parts of object keys. Ordinary names stay as they are, so that people find their
 * way around the folder; the rest is percent-encoded. A percent sign before a small letter or a
 * tilde is ours and never comes from a key.
 */
export const OTHER_LEAF = '%o';
export const METADATA = '%m';
export const TEMPORARY = '%t';
const EMPTY = '%x';
const CONTINUED = '%~';

/** File systems allow 255 bytes; room is left for our own endings. */
const NAME_BYTES_MAX = 200;

/** Folder names, then the file name. The parts of a key are what slashes separate. */
export function pathOfKey(key: string): { folders: string[]; leaf: string } {
  const names = key.split('/').flatMap(namesOfPart);
  return { folders: names.slice(0, -1), leaf: names[names.length - 1]! };
}

/** Folders that hold every key with this prefix: those of its complete parts. */
export function foldersOfPrefix(prefix: string): { folders: string[]; parts: string } {
  const parts = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  return { folders: parts === '' ? [] : parts.slice(0, -1).split('/').flatMap(namesOfPart), parts };
}

/** The part a name stands for; `continued` when the rest of it is inside the folder. */
export function partOfName(name: string): { text: string; continued: boolean } {
  const continued = name.endsWith(CONTINUED);
  const encoded = continued ? name.slice(0, -CONTINUED.length) : name;
  return { text: encoded === EMPTY ? '' : decoded(encoded), continued };
}

/** What a leaf's file name says: metadata and unfinished files are no objects. */
export function leafOfName(name: string): string | undefined {
  if (name.endsWith(METADATA) || name.startsWith(TEMPORARY)) return undefined;
  return partOfName(name.endsWith(OTHER_LEAF) ? name.slice(0, -OTHER_LEAF.length) : name).text;
}

/** Long parts continue in folders of folders: `aaa…%~/aaa…%~/rest`. */
function namesOfPart(part: string): string[] {
  if (part === '') return [EMPTY];
  // Some file systems compose accents by themselves, and two keys would become one name.
  const plain = part === part.normalize('NFC') ? PLAIN : PLAIN_ASCII;
  const names: string[] = [];
  let name = '';
  for (const character of part) {
    const encoded = plain.test(character) ? character : percent(character);
    if (Buffer.byteLength(name + encoded) > NAME_BYTES_MAX) {
      names.push(portable(name) + CONTINUED);
      name = '';
    }
    name += encoded;
  }
  names.push(portable(name));
  return names;
}

const PLAIN = /^[\p{L}\p{N}\p{M} !#$&'()+,.;=@[\]^_{}~-]$/u;
const PLAIN_ASCII = /^[A-Za-z0-9 !#$&'()+,.;=@[\]^_{}~-]$/;

/** `.` and `..` mean folders; blanks and dots at the ends are lost on some file systems. */
function portable(name: string): string {
  return name.replace(/^ |[ .]$/g, percent);
}

function percent(character: string): string {
  const bytes = [...Buffer.from(character, 'utf8')];
  return bytes.map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}

/** Files that people put there may hold a percent sign of their own. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
