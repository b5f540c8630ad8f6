/**
 * JavaScript compares strings by UTF-16 code unit; tables and object stores sort by UTF-8 byte.
 * Both agree except that surrogates (code points from U+10000 on) must come after U+E000..U+FFFF.
 * The result compares with `<` in the byte order of the input's UTF-8. It is one-to-one.
 */
export function utf8Ordered(text: string): string {
  if (!OUT_OF_ORDER.test(text)) return text;
  return text.replace(EACH_OUT_OF_ORDER, (unit) => {
    const code = unit.charCodeAt(0);
    return String.fromCharCode(code >= 0xe000 ? code - 0x0800 : code + 0x2000);
  });
}

/** Comparator in the byte order of UTF-8. */
export function compareUtf8(left: string, right: string): number {
  const [a, b] = [utf8Ordered(left), utf8Ordered(right)];
  return a < b ? -1 : a > b ? 1 : 0;
}

const OUT_OF_ORDER = /[\ud800-\uffff]/;
const EACH_OUT_OF_ORDER = /[\ud800-\uffff]/g;
