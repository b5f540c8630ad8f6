import type { RecordedShard, RecordingHeader } from './record';
import { shown } from './recording-error';

export type Members = Readonly<Record<string, unknown>>;

/** Says what is wrong with the line at hand. */
export type Fail = (problem: string) => never;

export const HEADER_FIELDS = ['kind', 'v', 'stream', 'shards', 'origin', 'licence'];

/** A stream never has more than a few thousand shards; a longer list is a broken file. */
export const SHARDS_MAX = 10_000;

const HASH_KEY_MAX = 2n ** 128n - 1n;

/** Reads the first line of a recording, which says what the others are. */
export function parseHeader(line: Members, fail: Fail): RecordingHeader {
  if (line.kind !== 'header') {
    fail('expected the header {"kind":"header","v":1}, got a line of another kind');
  }
  if (line.v !== 1) fail(`v: expected 1, got ${shown(line.v)}`);
  return {
    stream: optionalString(line, 'stream', fail),
    shards: line.shards === undefined ? null : parseShards(line.shards, fail),
    origin: optionalString(line, 'origin', fail),
    licence: optionalString(line, 'licence', fail),
  };
}

export function isHashKey(value: unknown): value is string {
  return typeof value === 'string' && /^\d{1,39}$/.test(value) && BigInt(value) <= HASH_KEY_MAX;
}

function optionalString(line: Members, name: string, fail: Fail): string | null {
  const value = line[name] ?? null;
  if (value !== null && typeof value !== 'string') {
    return fail(`${name}: expected a string, got ${shown(value)}`);
  }
  return value;
}

function parseShards(value: unknown, fail: Fail): readonly RecordedShard[] {
  if (!Array.isArray(value) || value.length === 0) {
    return fail(`shards: expected a list of shards, got ${shown(value)}`);
  }
  if (value.length > SHARDS_MAX) {
    fail(`shards: expected at most ${SHARDS_MAX}, got ${value.length}`);
  }
  const shards = value.map((shard, index) => parseShard(shard, `shards.${index}`, fail));
  refuseRepeated(shards, fail);
  refuseCycles(shards, fail);
  return shards;
}

function parseShard(value: unknown, where: string, fail: Fail): RecordedShard {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return fail(`${where}: expected an object, got ${shown(value)}`);
  }
  const { id, parent = null, adjacent = null, hash = null } = value as Members;
  if (typeof id !== 'string' || id === '') {
    return fail(`${where}.id: expected a non-empty string, got ${shown(id)}`);
  }
  return {
    id,
    parent: shardReference(parent, `${where}.parent`, fail),
    adjacent: shardReference(adjacent, `${where}.adjacent`, fail),
    hash: hash === null ? null : hashRange(hash, `${where}.hash`, fail),
  };
}

function shardReference(value: unknown, where: string, fail: Fail): string | null {
  if (value === null || (typeof value === 'string' && value !== '')) return value;
  return fail(`${where}: expected a shard id or null, got ${shown(value)}`);
}

function hashRange(value: unknown, where: string, fail: Fail): readonly [string, string] {
  const [low, high] = Array.isArray(value) && value.length === 2 ? value : [];
  if (isHashKey(low) && isHashKey(high) && BigInt(low) <= BigInt(high)) return [low, high];
  return fail(
    `${where}: expected ["first","last"] hash key as decimal strings, got ${shown(value)}`,
  );
}

function refuseRepeated(shards: readonly RecordedShard[], fail: Fail): void {
  const ids = new Set<string>();
  for (const { id } of shards) {
    if (ids.has(id)) fail(`shards: expected each shard once, got ${shown(id)} twice`);
    ids.add(id);
  }
}

/** A child is read after its parents: a circle would wait for itself for ever. */
function refuseCycles(shards: readonly RecordedShard[], fail: Fail): void {
  const waiting = new Map(shards.map((shard) => [shard.id, shard]));
  let removed = true;
  while (removed) {
    removed = false;
    for (const { id, parent, adjacent } of waiting.values()) {
      if (waiting.has(parent ?? '') || waiting.has(adjacent ?? '')) continue;
      waiting.delete(id);
      removed = true;
    }
  }
  const [first] = waiting.keys();
  if (first !== undefined) {
    fail(`shards: expected no shard to be its own ancestor, got ${shown(first)}`);
  }
}
