import type { RecordToWrite } from '../recording/write';
import { equalShards } from '../replay/hash-range';
import { createPlacement } from './placement';
import { type SeededRandom, seededRandom } from './random';

/** Chat of a streaming site on the day its most popular channel goes live. */
export interface LivestreamOptions {
  readonly seed: number;
  readonly startMs: number;
  readonly shards: number;
  readonly channels: number;
  /** Messages a second on a quiet day, all channels together; the burst has a thousand times as many. */
  readonly messagesPerSecond: number;
  readonly burstSeconds: number;
}

export const LIVESTREAM: LivestreamOptions = {
  seed: 1,
  startMs: Date.UTC(2026, 0, 5, 20),
  shards: 4,
  channels: 50,
  messagesPerSecond: 5,
  burstSeconds: 30,
};

export interface LivestreamTruth {
  readonly v: 1;
  readonly scenario: 'livestream';
  readonly options: LivestreamOptions;
  /** Under the pipeline beside the recording. */
  readonly expected: {
    readonly records: number;
    readonly in: number;
    readonly applied: number;
    readonly late: number;
    readonly duplicate: 0;
    readonly invalid: 0;
    readonly unmatched: 0;
  };
  readonly hotChannel: string;
  /** Share of all messages. */
  readonly hotShare: number;
  readonly burst: { readonly from: string; readonly to: string; readonly factor: number };
  /** Messages of the burst that phones held back; they arrive when their windows are long over. */
  readonly flood: { readonly from: string; readonly to: string; readonly records: number };
  /** Puts a shard refused at first, as it takes 1,000 records a second, and when it had caught up. */
  readonly throttled: number;
  readonly longestWaitMs: number;
}

const FACTOR = 1_000;
const LEAD_MS = 10 * 60_000;
const TAIL_MS = 20 * 60_000;
/** The way to the stream; the pipeline's `outOfOrderness` is five times as long. */
const DELAY_MS_MAX = 2_000;
/** Behind the watermark, within the lateness: revisions. */
const STRAGGLER_MS = 30_000;
const STRAGGLER_SHARE = 0.02;
const FLOOD_MS = 10 * 60_000;
const FLOOD_SPREAD_MS = 20_000;
const FLOOD_SHARE = 0.15;
/** What Kinesis takes. */
const SHARD_RECORDS_PER_SECOND = 1_000;

interface Message {
  readonly channel: number;
  readonly eventMs: number;
  readonly sentMs: number;
  readonly isFlood: boolean;
}

/** All records in order of arrival within their shards, and what a consumer must make of them. */
export function livestream(options: LivestreamOptions): {
  readonly records: readonly RecordToWrite[];
  readonly truth: LivestreamTruth;
} {
  const messages = sendAll(options).sort((a, b) => a.sentMs - b.sentMs);
  const place = createPlacement(equalShards(options.shards));
  const queues = new Map<string, ReturnType<typeof createShardQueue>>();
  let longestWaitMs = 0;
  let throttled = 0;
  const records = messages.map((message, index) => {
    const partitionKey = nameOf(message.channel);
    const at = place(partitionKey);
    const queue = queues.get(at.shard) ?? createShardQueue();
    queues.set(at.shard, queue);
    const arrivalMs = queue(message.sentMs);
    if (arrivalMs - message.sentMs >= 1_000) throttled++;
    longestWaitMs = Math.max(longestWaitMs, arrivalMs - message.sentMs);
    const body = {
      type: 'chat',
      channel: partitionKey,
      ts: message.eventMs,
      length: 1 + (index % 97),
    };
    return { ...at, partitionKey, arrivalMs, bytes: Buffer.from(JSON.stringify(body)) };
  });
  records.sort((a, b) => a.arrivalMs - b.arrivalMs);
  return { records, truth: truthOf(options, messages, throttled, longestWaitMs) };
}

function sendAll(options: LivestreamOptions): Message[] {
  const { seed, startMs, channels, messagesPerSecond, burstSeconds } = options;
  const random = seededRandom(seed, 'livestream');
  const messages: Message[] = [];
  const send = (eventMs: number, channel: number, delayMs: number, isFlood = false) => {
    messages.push({ channel, eventMs, sentMs: eventMs + Math.floor(delayMs), isFlood });
  };
  const burstMs = startMs + LEAD_MS;
  const endMs = burstMs + burstSeconds * 1_000 + TAIL_MS;
  const quietMs = 1_000 / messagesPerSecond;
  let turn = 0;
  for (let at = startMs; at < endMs; at += quietMs) {
    // In turn, so that every channel's watermark moves on and the flood is surely late.
    const channel = turn % 2 === 0 ? 0 : 1 + (((turn - 1) / 2) % (channels - 1));
    turn++;
    send(Math.floor(at), channel, random.int(DELAY_MS_MAX));
  }
  const burst = (FACTOR - 1) * messagesPerSecond * burstSeconds;
  for (let count = 0; count < burst; count++) {
    const eventMs = burstMs + Math.floor((count * burstSeconds * 1_000) / burst);
    const channel = random.next() < 0.5 ? 0 : 1 + random.int(channels - 1);
    const isFlood = random.next() < FLOOD_SHARE;
    send(
      eventMs,
      channel,
      isFlood ? FLOOD_MS + random.int(FLOOD_SPREAD_MS) : wayOf(random),
      isFlood,
    );
  }
  return messages;
}

function wayOf(random: SeededRandom): number {
  const held = random.next() < STRAGGLER_SHARE ? STRAGGLER_MS : 0;
  return held + random.int(DELAY_MS_MAX);
}

/** First come, first served; what a second has no room for waits for the next one. */
function createShardQueue(): (sentMs: number) => number {
  let lastMs = Number.NEGATIVE_INFINITY;
  let taken = 0;
  return (sentMs) => {
    const second = (ms: number) => Math.floor(ms / 1_000);
    let arrivalMs = Math.max(sentMs, lastMs);
    if (second(arrivalMs) === second(lastMs) && taken === SHARD_RECORDS_PER_SECOND) {
      arrivalMs = (second(lastMs) + 1) * 1_000;
    }
    taken = second(arrivalMs) === second(lastMs) ? taken + 1 : 1;
    lastMs = arrivalMs;
    return arrivalMs;
  };
}

function nameOf(channel: number): string {
  return channel === 0 ? 'channel-hot' : `channel-${String(channel).padStart(4, '0')}`;
}

function truthOf(
  options: LivestreamOptions,
  messages: readonly Message[],
  throttled: number,
  longestWaitMs: number,
): LivestreamTruth {
  const late = messages.filter(({ isFlood }) => isFlood).length;
  const hot = messages.filter(({ channel }) => channel === 0).length;
  const records = messages.length;
  const burstMs = options.startMs + LEAD_MS;
  const burstEndMs = burstMs + options.burstSeconds * 1_000;
  const time = (ms: number) => new Date(ms).toISOString();
  const applied = records - late;
  return {
    v: 1,
    scenario: 'livestream',
    options,
    expected: { records, in: records, applied, late, duplicate: 0, invalid: 0, unmatched: 0 },
    hotChannel: nameOf(0),
    hotShare: hot / records,
    burst: { from: time(burstMs), to: time(burstEndMs), factor: FACTOR },
    flood: {
      from: time(burstMs + FLOOD_MS),
      to: time(burstEndMs + FLOOD_MS + FLOOD_SPREAD_MS),
      records: late,
    },
    throttled,
    longestWaitMs,
  };
}

/** The pipeline under which the truth holds. */
export function livestreamPipeline(): string {
  const pipeline = {
    version: 1,
    metrics: {
      'chat.messages': {
        match: { type: 'chat' },
        series: ['channel'],
        time: 'ts',
        value: 'length',
        window: { type: 'tumbling', size: '10s' },
        outOfOrderness: '10s',
        allowedLateness: '1m',
        idleClose: '5m',
        aggregates: ['count', 'mean', 'max'],
        detect: { detector: 'default', on: 'count' },
      },
    },
  };
  return `${JSON.stringify(pipeline, null, 2)}\n`;
}
