import { partitionPart, unescapePart } from './key';
import { jsonBytes, MARKS_BYTES_MAX } from './size';
import type { Mark } from './state';

/*
 * High-water marks are kept by what keeps its order on the way to a state: a lane of a shard is chosen
 * by the stream record's partition key. A record that is no aggregate has the partition key of its
 * state, so all of them share the mark `stream/shard`. An aggregate comes under a key of its own, its
 * carrier, and in a lane of its own: its sub-records get a mark by carrier, or a record of another lane
 * that was faster would raise the mark above them, and they would never count.
 */

/**
 * Marks of one state. A carrier costs one of them in every shard: producers that name each aggregate
 * after its first user record have as many carriers as keys.
 */
export const MARKS_MAX = 500;

/** Kinesis numbers have 56 digits; a mark grows with its number, but no further than this. */
const SEQUENCE_DIGITS = 56;
/** JSON of a mark around name and number: brackets, commas, quotes, sub, arrival. */
const MARK_FRAME_BYTES = 34;

/** Of records whose partition key is their state's. Shard ids repeat between streams. */
export function shardMark(stream: string, shard: string): string {
  return `${stream}/${shard}`;
}

/**
 * Of sub-records of aggregates with this partition key. Names of streams never begin with `#`, and an
 * escaped carrier holds none, so that no other mark has this name.
 */
export function carrierMark(carrier: string, ofShard: string): string {
  return `#${partitionPart(carrier)}#${ofShard}`;
}

/** Of what came without a partition key, or in an aggregate without one. */
export function unkeyedMark(ofShard: string): string {
  return `${UNKEYED_PREFIX}${ofShard}`;
}

const UNKEYED_PREFIX = '#?#';

export function isUnkeyed(mark: string): boolean {
  return mark.startsWith(UNKEYED_PREFIX);
}

/** The carrier in a mark's name; null = it has none, or only a digest of it. */
export function carrierOf(mark: string): string | null {
  return mark.startsWith('#=') ? unescapePart(mark.slice(2, mark.indexOf('#', 2))) : null;
}

/** What versions that knew no carriers had of a shard, whatever brought it. */
export function inheritedMark(mark: string): string {
  return `#*#${mark.startsWith('#') ? mark.slice(mark.indexOf('#', 1) + 1) : mark}`;
}

/** Whether code that knows no carriers would lose a mark: it looks for plain ones alone. */
export function isCarried(mark: string, marks: ReadonlyMap<string, Mark>): boolean {
  if (mark.charCodeAt(0) !== 0x23) return false;
  return !(mark.startsWith('#*#') && marks.has(mark.slice(3)));
}

/**
 * A mark that such code left covers sub-records of every carrier: it took aggregates with one lane a
 * shard alone. It goes on doing so under a name of its own, while the plain one is raised by plain
 * records. Where two marks do not fit in place of one, it keeps the name of its own only.
 */
export function inheritMarks(marks: Map<string, Mark>): Map<string, Mark> {
  const plain = [...marks].filter(([name]) => !name.startsWith('#'));
  const fits = marks.size + plain.length <= MARKS_MAX && 2 * marksBytes(marks) <= MARKS_BYTES_MAX;
  const kept = fits ? plain : [];
  return new Map([...kept, ...plain.map(([name, mark]) => [inheritedMark(name), mark] as const)]);
}

export function marksBytes(marks: ReadonlyMap<string, Mark>): number {
  let bytes = 0;
  for (const [name, { sequence, seen = [] }] of marks) {
    bytes += markBytes(name, sequence.length);
    for (const part of seen) bytes += markBytes(part.hashes, part.sequence.length);
  }
  return bytes;
}

/** Streams and shards have names of plain characters, as many bytes as characters; carriers need not. */
export function markBytes(name: string, digits: number): number {
  const nameBytes = name.charCodeAt(0) === 0x23 ? jsonBytes(name) : name.length;
  return nameBytes + Math.max(digits, SEQUENCE_DIGITS) + MARK_FRAME_BYTES;
}
