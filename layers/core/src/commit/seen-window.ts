import { marksBytes } from '../fold/marks';
import { MARKS_BYTES_MAX } from '../fold/size';
import type { Mark, SeenPart } from '../fold/state';
import { isAtOrBelow } from '../record/sequence';
import { sha256OfUnits } from '../record/sha256';

/*
 * Records without a partition key have no order: it is not documented in which lane of a shard one goes,
 * so a lane that is behind may bring a record that is older than all that others have brought. A mark
 * would lose it. Instead the state keeps hashes of the records that it holds, and below them a floor:
 * what is known by its hash comes again; what is at or below the floor and not known cannot be told from
 * what was forgotten, and is refused (reason `stale`), never folded.
 */

/**
 * Records of one state that are known by their hash, over all shards. The floor rises when there are
 * more, so a lane may be that many records of one series behind the others, less one part.
 */
export const SEEN_MAX = 2_000;
/** Forgotten at once, the oldest first: a floor can only rise to a number that is known. */
const PART_RECORDS = 125;
/** 48 bits of six each: of 2,000 records one in 10^11 is taken for another. */
export const SEEN_HASH_CHARACTERS = 8;
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

export const STALE_REASON = 'stale';

/** Lower than every record. */
const NO_FLOOR = { sequence: '', sub: -1 };

export function seenHash({ sequence, sub }: Place): string {
  const digest = sha256OfUnits(`${sequence}:${sub}`);
  let hash = '';
  // Three digits of hexadecimal are two of these: shorter in the item.
  for (let at = 0; hash.length < SEEN_HASH_CHARACTERS; at += 3) {
    const bits = Number.parseInt(digest.slice(at, at + 3), 16);
    hash += DIGITS.charAt(bits >> 6) + DIGITS.charAt(bits & 63);
  }
  return hash;
}

interface Place {
  readonly sequence: string;
  readonly sub: number;
}

/** What one shard has brought without a partition key, while a draft is folded. */
export class SeenWindow {
  readonly #floor: Place;
  readonly #parts: SeenPart[];
  readonly #known = new Set<string>();
  #arrivalMs: number;

  constructor(mark: Mark | null) {
    this.#floor = mark ?? NO_FLOOR;
    this.#parts = [...(mark?.seen ?? [])];
    this.#arrivalMs = mark?.arrivalMs ?? Number.NEGATIVE_INFINITY;
    for (const { hashes } of this.#parts) {
      for (let at = 0; at < hashes.length; at += SEEN_HASH_CHARACTERS) {
        this.#known.add(hashes.slice(at, at + SEEN_HASH_CHARACTERS));
      }
    }
  }

  holds(place: Place): boolean {
    return this.#known.has(seenHash(place));
  }

  /** Of a record that is not known. */
  isStale({ sequence, sub }: Place): boolean {
    return isAtOrBelow(sequence, sub, this.#floor);
  }

  add({ sequence, sub, arrivalMs }: Place & { readonly arrivalMs: number }): void {
    const hash = seenHash({ sequence, sub });
    this.#known.add(hash);
    this.#arrivalMs = Math.max(this.#arrivalMs, arrivalMs);
    const last = this.#parts.at(-1);
    if (last === undefined || last.hashes.length >= PART_RECORDS * SEEN_HASH_CHARACTERS) {
      this.#parts.push({ sequence, sub, arrivalMs, hashes: hash });
      return;
    }
    const highest = isAtOrBelow(sequence, sub, last) ? last : { sequence, sub };
    this.#parts[this.#parts.length - 1] = {
      sequence: highest.sequence,
      sub: highest.sub,
      arrivalMs: Math.max(last.arrivalMs, arrivalMs),
      hashes: last.hashes + hash,
    };
  }

  toMark(): Mark {
    return { ...this.#floor, arrivalMs: this.#arrivalMs, seen: this.#parts };
  }
}

/** Forgets the oldest records until no more are known than a state may hold, and its marks have room. */
export function boundSeen(marks: Map<string, Mark>): void {
  for (;;) {
    let records = 0;
    let oldest: [name: string, mark: Mark, part: SeenPart] | null = null;
    for (const [name, mark] of marks) {
      for (const part of mark.seen ?? []) records += part.hashes.length / SEEN_HASH_CHARACTERS;
      const [first] = mark.seen ?? [];
      if (first !== undefined && (oldest === null || first.arrivalMs < oldest[2].arrivalMs)) {
        oldest = [name, mark, first];
      }
    }
    const fits = records <= SEEN_MAX && marksBytes(marks) <= MARKS_BYTES_MAX;
    if (fits || oldest === null) return;
    const [name, { seen = [], ...floor }, part] = oldest;
    const isHigher = !isAtOrBelow(part.sequence, part.sub, floor);
    const { sequence, sub } = isHigher ? part : floor;
    marks.set(name, { sequence, sub, arrivalMs: floor.arrivalMs, seen: seen.slice(1) });
  }
}
