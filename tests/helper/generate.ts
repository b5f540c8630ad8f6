/**
 * Streams of records that hold what real ones do: skewed keys, several series in a partition key and
 * several partition keys in a series, disorder, late, future, repeated and poisonous records, idle
 * gaps, equal event times, events exactly on window borders. All from one seed.
 */
import { withFastClocks } from './generate-fast-clocks';
import {
  generatePipeline,
  generateWidePipeline,
  type PipelineJson,
  type Style,
} from './generate-pipeline';
import { poison } from './generate-poison';
import { kplAggregate } from './kpl';
import { type Choices, createChoices } from './random';
import type { ReferenceRecord } from './reference';

export interface Scenario {
  readonly seed: number;
  readonly pipeline: PipelineJson;
  readonly shards: readonly ScenarioShard[];
  /** In order of arrival over all shards; every shard's own order is that of its sequence numbers. */
  readonly records: readonly ReferenceRecord[];
}

export interface ScenarioShard {
  readonly id: string;
  /** The shard whose place this one took, half-way through the stream. */
  readonly parent: string | null;
  /** Which partition keys: those whose hash modulo the number of places is this. */
  readonly place: number;
  /** Index of the first record that may be in it, and of the first that may not be. */
  readonly from: number;
  readonly to: number;
}

export interface ScenarioOptions {
  readonly records: number;
  readonly shardsMax?: number;
  /** How often everything falls silent, for longer than a state of a day's life is kept or nearly so. */
  readonly silences?: number;
  /**
   * User records travel several in one stream record: `library`, as the Kinesis Producer Library sends
   * them, or `mixed`, plain and by several carriers at once, so that a key has no order.
   */
  readonly aggregated?: 'library' | 'mixed' | null;
  /** More state than one item holds, over windows that are all open at once. */
  readonly wide?: boolean;
}

interface Habits {
  readonly hosts: number;
  /** How partition keys relate to hosts: the same, several a host, several hosts a key. */
  readonly keys: 'own' | 'spread' | 'shared';
  readonly gapMs: number;
  readonly disorder: number;
  readonly poison: number;
  readonly repeated: number;
  readonly idle: number;
  readonly style: Style;
  readonly texts?: true;
}

const STYLES = ['mixed', 'mixed', 'mixed', 'mixed', 'mixed', 'burst', 'beat', 'beat'] as const;
const START_MS = 1_767_225_600_000;
const IDLE_MS = [19_999, 20_000, 59_999, 60_000, 120_000, 125_000, 700_000];
const BORDER_MS = 10_000;
const HOUR_MS = 3_600_000;
/**
 * A state with a life of a day in a stream that keeps a day is removable after 9 days, and removed up to
 * two days later: silences end on both sides of each of these moments.
 */
const SILENCE_MS = [23, 25, 8 * 24, 9 * 24 + 2, 9 * 24 + 30, 11 * 24 + 3, 12 * 24].map(
  (hours) => hours * HOUR_MS,
);

export function generateScenario(seed: number, options: ScenarioOptions): Scenario {
  const choices = createChoices(seed);
  const style = choices.pick<Style>(STYLES);
  const plain = options.wide ? generateWidePipeline() : generatePipeline(choices, style);
  const habits = options.wide ? WIDE : generateHabits(choices, style);
  const shards = generateShards(choices, options);
  const punctual = generateRecords(choices, habits, shards, options);
  const { pipeline, records } = options.wide
    ? { pipeline: plain, records: punctual }
    : withFastClocks(seed, plain, punctual);
  return {
    seed,
    pipeline,
    shards,
    records: sentRecords(createChoices(seed ^ 0xa99), records, options.aggregated ?? null),
  };
}

/** Some shards are replaced by a child half-way; its sequence numbers need not be above the parent's. */
function generateShards(choices: Choices, options: ScenarioOptions): ScenarioShard[] {
  const places = 1 + choices.int(options.shardsMax ?? 3);
  return Array.from({ length: places }, (_, place): ScenarioShard[] => {
    const parent = { id: shardId(place), parent: null, place, from: 0, to: options.records };
    if (!choices.chance(0.2)) {
      return [parent];
    }
    const split = Math.floor(options.records / 2);
    const child = { ...parent, id: shardId(place + places), parent: parent.id, from: split };
    return [{ ...parent, to: split }, child];
  }).flat();
}

function shardId(number: number): string {
  return `shardId-${`${number}`.padStart(12, '0')}`;
}

/** The shard of a partition key, for a record put with or just before the record of that index. */
export function shardOf(
  shards: readonly ScenarioShard[],
  partitionKey: string,
  index: number,
): ScenarioShard {
  const places = shards.filter((shard) => shard.parent === null).length;
  const place = textHash(partitionKey) % places;
  return shards.find((s) => s.place === place && s.from <= index && index < s.to)!;
}

const WIDE: Habits = {
  ...{ style: 'mixed', hosts: 1, keys: 'own', gapMs: 2_000, disorder: 0.9, idle: 0, texts: true },
  ...{ poison: 0.02, repeated: 0 },
};

function generateHabits({ int, pick }: Choices, style: Style): Habits {
  const habits = {
    style,
    hosts: 1 + int(8),
    keys: pick(['own', 'own', 'spread', 'shared'] as const),
    gapMs: pick([50, 500, 2_000, 5_000]),
    disorder: pick([0, 0.2, 0.5]),
    poison: pick([0, 0.02, 0.1]),
    repeated: pick([0, 0.05, 0.2]),
    idle: pick([0, 0.005, 0.03]),
  };
  const clean = { hosts: 1, keys: 'own', disorder: 0, poison: 0 } as const;
  return {
    mixed: habits,
    burst: { ...habits, ...clean, gapMs: 10 },
    beat: { ...habits, hosts: 1 + int(2), disorder: pick([0, 0.1]), gapMs: 500, idle: 0.005 },
  }[style];
}

function generateRecords(
  choices: Choices,
  habits: Habits,
  shards: readonly ScenarioShard[],
  { records: count, silences = 0 }: ScenarioOptions,
): ReferenceRecord[] {
  const sequences = createSequences(choices, shards);
  const records: ReferenceRecord[] = [];
  const bodies: { partitionKey: string; bytes: Buffer }[] = [];
  let nowMs = START_MS + choices.int(300_000);
  let previousMs = nowMs;
  const silent = new Set(Array.from({ length: silences }, () => choices.int(count)));

  for (let i = 0; i < count; i++) {
    nowMs += choices.skewed(habits.gapMs * 3);
    nowMs += choices.chance(habits.idle) ? choices.pick(IDLE_MS) : 0;
    if (silent.has(i)) {
      nowMs += choices.pick(SILENCE_MS);
      // What comes again from before is older than a state lives: see docs/guarantees.md.
      bodies.length = 0;
      previousMs = nowMs;
    }
    const eventMs = generateEventMs(choices, habits, nowMs, previousMs);
    previousMs = eventMs;
    const host = choices.skewed(habits.hosts);
    const isRepeated = bodies.length > 0 && choices.chance(habits.repeated);
    const body = isRepeated
      ? bodies[Math.max(0, bodies.length - 1 - choices.skewed(100))]!
      : {
          partitionKey: partitionKeyOf(choices, habits, host),
          bytes: recordBytes(choices, habits, host, eventMs, i),
        };
    bodies.push(body);
    const bad = choices.chance(habits.poison) ? poison(choices, body.bytes) : { bytes: body.bytes };
    const shard = shardOf(shards, body.partitionKey, i).id;
    // Arrival stamps of one shard may step back a little: they are only approximate.
    const arrivalMs = nowMs - (choices.chance(0.05) ? choices.int(50) : 0);
    const { partitionKey } = body;
    records.push({ shard, sequence: sequences(shard), partitionKey, arrivalMs, ...bad });
  }
  return records;
}

function sentRecords(
  choices: Choices,
  records: readonly ReferenceRecord[],
  aggregated: ScenarioOptions['aggregated'],
): readonly ReferenceRecord[] {
  if (aggregated === 'library') return aggregateRecords(choices, records);
  return aggregated === 'mixed' ? mixRecords(choices, records) : records;
}

const CARRIERS = 3;
const USER_RECORDS_MAX = 6;
/** Nothing waits longer for company. */
const BUFFERED_MS_MAX = 15_000;

/**
 * Puts neighbours into one stream record. A key always travels with the same carrier: the library
 * gathers what belongs in one shard, so that the records of a key are never on the way in two.
 */
function aggregateRecords(
  choices: Choices,
  records: readonly ReferenceRecord[],
): ReferenceRecord[] {
  const carriers = new Map<string, { users: ReferenceRecord[]; size: number }>();
  const sent: ReferenceRecord[] = [];
  const send = (carrier: string) => {
    const users = carriers.get(carrier)!.users;
    carriers.delete(carrier);
    const bytes = kplAggregate(users.map((user) => ({ ...user, data: user.bytes })));
    sent.push({ ...users.at(-1)!, partitionKey: carrier, bytes });
  };
  // Text that is not base64 cannot be inside an aggregate.
  for (const { notBase64: _, ...user } of records) {
    for (const [carrier, { users }] of [...carriers]) {
      if (user.arrivalMs - users[0]!.arrivalMs > BUFFERED_MS_MAX) send(carrier);
    }
    const carrier = `carrier ${textHash(user.partitionKey) % CARRIERS}`;
    const open = carriers.get(carrier) ?? { users: [], size: 1 + choices.int(USER_RECORDS_MAX) };
    open.users.push(user);
    carriers.set(carrier, open);
    if (open.users.length >= open.size) send(carrier);
  }
  for (const carrier of [...carriers.keys()]) send(carrier);
  return sent.sort((a, b) => a.arrivalMs - b.arrivalMs);
}

/** Partition keys that nothing can be put under. */
const BAD_KEYS = ['', 'k'.repeat(257), '😀'.repeat(300)];

/** Every user record takes a way of its own: plain, with the library, or with one that names its aggregates after their first record. */
function mixRecords(choices: Choices, records: readonly ReferenceRecord[]): ReferenceRecord[] {
  const open = new Map<string, ReferenceRecord[]>();
  const sent: ReferenceRecord[] = [];
  const send = (way: string) => {
    const users = open.get(way)!;
    open.delete(way);
    const partitionKey = way === 'library' ? 'a' : users[0]!.partitionKey;
    const keyOf = (key: string) => (choices.chance(0.03) ? choices.pick(BAD_KEYS) : key);
    const bytes = kplAggregate(
      users.map((user) => ({ partitionKey: keyOf(user.partitionKey), data: user.bytes })),
    );
    sent.push({ ...users.at(-1)!, partitionKey, bytes });
  };
  for (const { notBase64: _, ...user } of records) {
    // What waited through a silence would belong to a life of its state that is over.
    for (const [way, [first]] of [...open]) {
      if (user.arrivalMs - first!.arrivalMs > SILENCE_MS[0]!) send(way);
    }
    const way = choices.pick(['plain', 'library', 'library', 'first', 'second']);
    if (way === 'plain') {
      sent.push(user);
      continue;
    }
    const users = [...(open.get(way) ?? []), user];
    open.set(way, users);
    if (users.length > choices.int(USER_RECORDS_MAX)) send(way);
  }
  for (const way of [...open.keys()]) send(way);
  return sent.sort((a, b) => a.arrivalMs - b.arrivalMs);
}

function generateEventMs(
  choices: Choices,
  habits: Habits,
  nowMs: number,
  previousMs: number,
): number {
  if (!choices.chance(habits.disorder)) {
    return nowMs - choices.int(200);
  }
  const border = Math.floor(nowMs / BORDER_MS) * BORDER_MS;
  return choices.pick([
    () => nowMs - choices.int(15_000),
    () => nowMs - choices.int(120_000),
    () => nowMs - choices.int(600_000),
    () => nowMs + choices.int(70_000),
    () => border - choices.int(8) * BORDER_MS,
    () => border - choices.int(8) * BORDER_MS - 1,
    () => previousMs,
    () => previousMs,
  ])();
}

function recordBytes(
  choices: Choices,
  { style, texts }: Habits,
  host: number,
  eventMs: number,
  index: number,
): Buffer {
  const { chance, int, pick } = choices;
  const v =
    style === 'beat'
      ? pick([10, 10, 10, 11]) + (chance(0.05) ? 5_000 : 0)
      : pick([int(1000), int(1000) / 10, -int(50) / 100, 0, (choices.next() - 0.3) * 1e6]);
  const json = {
    type: pick(['a', 'a', 'a', 'b', 'c']),
    host: pick([`h${host}`, `h${host}`, `h${host}`, host === 3 ? 'odd|\\#name' : `h${host}`]),
    region: `r${host % 3}`,
    slot: host % 2 === 0 ? host : host + 0.5,
    flag: host > 2,
    ts: eventMs + (chance(0.1) ? 0.75 : 0),
    time: {
      s: eventMs / 1000,
      us: eventMs * 1000 + int(1000),
      ns: eventMs * 1e6,
      iso: new Date(eventMs).toISOString().replace('Z', pick(['Z', '+00:00', '4Z', '999-00:00'])),
    },
    v: chance(0.05) ? String(v) : v,
    deep: [{ v: v * 2 }],
    id: chance(0.85) ? nameOf('id', index) : pick([nameOf('id', int(20)), null, undefined]),
    user: pick([nameOf('u', choices.skewed(30)), nameOf('u', int(400)), null]),
    extra: { kind: int(2), size: chance(0.7) ? int(100) : pick(['none', '7', '2.50']) },
    ...(texts && { text: textsOf(index) }),
  };
  return Buffer.from(JSON.stringify(json).replace(/"#(\d+)"/g, '$1'));
}

/** A fifth are integers of 19 digits, written `#` for now; pairs of them are the same double. */
function nameOf(prefix: string, index: number): string {
  return index % 5 === 0 ? `#${1_234_567_890_123_456_000n + BigInt(index)}` : `${prefix}${index}`;
}

function textsOf(index: number): Record<string, string> {
  const names = ['a', 'b', 'c', 'd'];
  return Object.fromEntries(names.map((name) => [name, `${name}${index} `.padEnd(250, 'x')]));
}

function partitionKeyOf(choices: Choices, { keys }: Habits, host: number): string {
  const names = { own: `h${host}`, spread: `h${host}/${choices.int(3)}`, shared: `r${host % 3}#` };
  return names[keys];
}

/** Room for ticks between two records. */
export const SEQUENCE_STEP = 1000n;

/** Numbers with gaps that also grow in length: text order alone is not their order. */
function createSequences(
  choices: Choices,
  shards: readonly ScenarioShard[],
): (shard: string) => string {
  const isLong = choices.chance(0.5);
  const last = new Map(shards.map(({ id }) => [id, isLong ? 10n ** 55n : 9_000n]));
  return (shard) => {
    const sequence = last.get(shard)! + SEQUENCE_STEP + BigInt(choices.skewed(1000));
    last.set(shard, sequence);
    return sequence.toString();
  };
}

/** FNV-1a: which shard a partition key lives in, for the whole scenario. */
function textHash(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash;
}
