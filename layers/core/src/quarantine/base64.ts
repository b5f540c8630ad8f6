/** Characters that one call takes as arguments. */
const PART_BYTES = 8_192;

export function encodeBase64(bytes: Uint8Array): string {
  let characters = '';
  for (let from = 0; from < bytes.length; from += PART_BYTES) {
    characters += String.fromCharCode(...bytes.subarray(from, from + PART_BYTES));
  }
  return btoa(characters);
}

export function decodeBase64(text: string): Uint8Array {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = characters.charCodeAt(at);
  return bytes;
}
