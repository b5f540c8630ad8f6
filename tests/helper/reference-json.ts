const DIGITS_MAX = 256;
const TOKEN =
  /\s*(?:([[\]{},:])|("(?:[^"\\]|\\.)*")|(-?\d+)(?![\d.eE])|([-+.\deE]+)|(true|false|null))/y;

/**
 * A JSON text with integers beyond 2^53 as bigints, by recursive descent: slow, and nothing of the
 * product's way to do it. Throws where `JSON.parse` does.
 */
export function parseReferenceJson(text: string): unknown {
  const plain: unknown = JSON.parse(text);
  return /\d{16}/.test(text) ? new Reader(text).value() : plain;
}

/** Reads a text that is known to be valid. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(): unknown {
    const token = this.#next();
    if (token === '{') return this.#object();
    if (token === '[') return this.#list();
    if (!/^-?\d+$/.test(token)) return JSON.parse(token);
    const isShort = token.replace('-', '').length <= DIGITS_MAX;
    return isShort && !Number.isSafeInteger(Number(token)) ? BigInt(token) : JSON.parse(token);
  }

  #object(): object {
    const fields: [string, unknown][] = [];
    for (let token = this.#next(); token !== '}'; token = this.#next()) {
      const name = token === ',' ? this.#next() : token;
      this.#next();
      fields.push([JSON.parse(name) as string, this.value()]);
    }
    return Object.fromEntries(fields);
  }

  #list(): unknown[] {
    const entries: unknown[] = [];
    for (;;) {
      const before = this.#at;
      const token = this.#next();
      if (token === ']') return entries;
      if (token !== ',') this.#at = before;
      entries.push(this.value());
    }
  }

  #next(): string {
    TOKEN.lastIndex = this.#at;
    const match = TOKEN.exec(this.#text);
    if (match === null) throw new Error(`no token at ${this.#at}`);
    this.#at = TOKEN.lastIndex;
    return match[0].trim();
  }
}
