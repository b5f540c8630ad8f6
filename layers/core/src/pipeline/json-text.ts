/** Deeper than any pipeline; keeps a file of brackets from overflowing the stack. */
const DEPTH_MAX = 64;

export interface TextMistake {
  /** 1-based; the column counts UTF-16 units, as editors do. */
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

export interface RepeatedField {
  readonly at: readonly string[];
  readonly line: number;
}

export interface TextScan {
  readonly mistake: TextMistake | null;
  /** Fields that stand twice in one object, of which `JSON.parse` silently keeps the last. */
  readonly repeated: readonly RepeatedField[];
  /** Numbers too great for a double, which `JSON.parse` silently takes for infinite. */
  readonly overflowing: readonly { readonly at: readonly string[]; readonly text: string }[];
}

/**
 * Walks a JSON text for what `JSON.parse` does not tell: where a mistake is (its messages differ
 * between Node versions, and some have no position), and which fields are repeated.
 */
export function scanJson(text: string): TextScan {
  return new Scanner(text).scan();
}

class Mistake extends Error {}

class Scanner {
  readonly #text: string;
  #at = 0;
  readonly #repeated: RepeatedField[] = [];
  readonly #overflowing: { at: readonly string[]; text: string }[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  scan(): TextScan {
    try {
      this.#value([]);
      this.#space();
      if (this.#at < this.#text.length) this.#fail('the end of the file');
      return this.#answer(null);
    } catch (error) {
      if (!(error instanceof Mistake)) throw error;
      return this.#answer({ ...this.#place(), text: error.message });
    }
  }

  #answer(mistake: TextMistake | null): TextScan {
    return { mistake, repeated: this.#repeated, overflowing: this.#overflowing };
  }

  #value(path: readonly string[]): void {
    this.#space();
    if (path.length > DEPTH_MAX) throw new Mistake(`nested deeper than ${DEPTH_MAX} levels`);
    const char = this.#text[this.#at];
    if (char === '{') this.#object(path);
    else if (char === '[') this.#list(path);
    else if (char === '"') this.#string();
    else this.#scalar(path);
  }

  #scalar(path: readonly string[]): void {
    const start = this.#at;
    if (!this.#token(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y)) {
      this.#fail('a JSON value');
    }
    const text = this.#text.slice(start, this.#at);
    if (Math.abs(Number(text)) === Infinity) this.#overflowing.push({ at: path, text });
  }

  #object(path: readonly string[]): void {
    const seen = new Set<string>();
    this.#at++;
    this.#space();
    if (this.#take('}')) return;
    do {
      this.#space();
      if (this.#text[this.#at] !== '"') this.#fail('a field name in double quotes');
      const { line } = this.#place();
      const at = [...path, this.#string()];
      const name = at[at.length - 1] as string;
      if (seen.has(name)) this.#repeated.push({ at, line });
      seen.add(name);
      this.#space();
      if (!this.#take(':')) this.#fail('":"');
      this.#value(at);
      this.#space();
    } while (this.#take(','));
    if (!this.#take('}')) this.#fail('"," or "}"');
  }

  #list(path: readonly string[]): void {
    this.#at++;
    this.#space();
    if (this.#take(']')) return;
    let index = 0;
    do {
      this.#value([...path, String(index++)]);
      this.#space();
    } while (this.#take(','));
    if (!this.#take(']')) this.#fail('"," or "]"');
  }

  #string(): string {
    const start = this.#at;
    this.#at++;
    // Stops at what no string may hold: line breaks and control characters among them.
    while (this.#token(/[^"\\\p{Cc}]+|[\x7f-\x9f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/uy));
    if (!this.#take('"')) this.#fail('the end of a string');
    return JSON.parse(this.#text.slice(start, this.#at)) as string;
  }

  #token(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return false;
    this.#at += match[0].length;
    return true;
  }

  #take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #space(): void {
    this.#token(/[ \t\r\n]+/y);
  }

  #fail(expected: string): never {
    const char = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0);
    const got = this.#at >= this.#text.length ? 'the end of the file' : JSON.stringify(char);
    throw new Mistake(`expected ${expected}, got ${got}`);
  }

  #place(): { line: number; column: number } {
    const before = this.#text.slice(0, this.#at).split(/\r\n|\r|\n/);
    return { line: before.length, column: (before[before.length - 1] as string).length + 1 };
  }
}
