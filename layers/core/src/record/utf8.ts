/** The library version we compile against lacks it; Node 20 has it. */
interface WellFormed {
  isWellFormed(): boolean;
}

/** Whether a text has half of a surrogate pair, which UTF-8 cannot hold. */
export function hasLoneSurrogate(text: string): boolean {
  return !(text as unknown as WellFormed).isWellFormed();
}

/** Bytes of a text in UTF-8; a lone surrogate counts as the replacement character. */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    // A pair is four bytes in two units: its second unit has been counted with the first.
    if (isPair(unit, text.charCodeAt(at + 1))) at++;
  }
  return bytes;
}

function isPair(unit: number, next: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff && next >= 0xdc00 && next <= 0xdfff;
}

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Text that UTF-8, and so every store, can hold: a half of a surrogate pair becomes U+FFFD. */
export function wellFormed(text: string): string {
  return hasLoneSurrogate(text) ? text.replace(LONE_SURROGATE, '\ufffd') : text;
}
