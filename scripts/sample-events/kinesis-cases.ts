import type { SampleCase, SampleRecord } from './sample';

/** Fixed, so that the files are the same whenever they are made. */
const START_MS = Date.UTC(2026, 10, 21, 12, 0, 0);
/** What a record needs from its making to the stream. */
const DELAY_MS = 240;
const HOST = 'millrace-1';
const SAMPLE_SECONDS = 10;

/** A record like those of the shipped recording: what the processors of one host did. */
function cpu(second: number, options: { host?: string; busyPercent?: number } = {}) {
  const { host = HOST, busyPercent = 12 + (second % 7) } = options;
  const ts = START_MS + second * 1000;
  return {
    type: 'telemetry',
    id: `cpu-${ts.toString(36)}`,
    host,
    sensor: 'cpu',
    ts,
    busyPercent,
    userPercent: busyPercent - 4,
    systemPercent: 4,
    waitingPercent: 0.5,
    stolenPercent: 0,
  };
}

/** Arrives right after it was made, unless told otherwise; a host's records share a partition key. */
function sent(json: { host?: string; ts?: number }, arrivalSecond?: number): SampleRecord {
  const madeMs =
    arrivalSecond === undefined ? (json.ts ?? START_MS) : START_MS + arrivalSecond * 1000;
  return { partitionKey: json.host ?? HOST, arrivalMs: madeMs + DELAY_MS, payload: { json } };
}

function raw(payload: { text: string } | { hex: string }, second: number): SampleRecord {
  return { partitionKey: HOST, arrivalMs: START_MS + second * 1000 + DELAY_MS, payload };
}

function noted(record: SampleRecord, note: string): SampleRecord {
  return { ...record, note };
}

/** Samples of one host at a steady pace from `from` to `to`, in seconds. */
function steady(from: number, to: number, host = HOST): SampleRecord[] {
  const count = Math.floor((to - from) / SAMPLE_SECONDS) + 1;
  return Array.from({ length: count }, (_, i) => sent(cpu(from + i * SAMPLE_SECONDS, { host })));
}

function withoutHost() {
  const { host: _host, ...rest } = cpu(13);
  return rest;
}

const RETRIED = cpu(20);

export const KINESIS_CASES: readonly SampleCase[] = [
  {
    name: 'single',
    shows: 'One measurement: its window opens and stays open.',
    records: [noted(sent(cpu(0)), 'applied')],
  },
  {
    name: 'batch',
    shows: 'Two hosts over 90 seconds: the first minute of each is published.',
    records: [...steady(0, 90), ...steady(0, 90, 'millrace-2')].sort(
      (a, b) => a.arrivalMs - b.arrivalMs,
    ),
  },
  {
    name: 'late',
    shows: 'A record that comes five minutes after its window was closed goes to the quarantine.',
    records: [
      ...steady(0, 30),
      noted(sent(cpu(330)), 'moves the watermark: the first minute is published'),
      noted(sent(cpu(40), 331), 'late'),
    ],
  },
  {
    name: 'duplicate',
    shows: 'A producer that got no answer sends a record again: same id, new sequence number.',
    records: [
      ...steady(0, 10),
      noted(sent(RETRIED), 'applied'),
      noted(sent(RETRIED, 22), 'duplicate'),
      ...steady(30, 40),
    ],
  },
  {
    name: 'poison',
    shows: 'Records that can never be applied go to the quarantine; those around them are applied.',
    records: [
      noted(sent(cpu(0)), 'applied'),
      noted(raw({ text: '{"type":"host","host":"millrace-1","ts":17' }, 10), 'invalid: json'),
      noted(raw({ text: '[1,2,3]' }, 11), 'invalid: json'),
      noted(raw({ hex: '7b2274797065223a22fffe227d' }, 12), 'invalid: json (not UTF-8)'),
      noted(sent(withoutHost(), 13), 'invalid: series'),
      noted(sent({ ...cpu(14), ts: 'yesterday' } as never, 14), 'invalid: time'),
      noted(sent({ ...cpu(15), busyPercent: 'high' } as never), 'invalid: value'),
      noted(sent(cpu(86_400), 16), 'invalid: future'),
      noted(sent({ type: 'door', ts: START_MS } as never, 17), 'unmatched'),
      noted(sent(cpu(20)), 'applied'),
    ],
  },
  {
    name: 'empty',
    shows: 'No records: nothing is done, nothing fails.',
    records: [],
  },
  {
    name: 'aggregate',
    shows:
      'Two hosts in one record of the Kinesis Producer Library, behind plain records of one of them: ' +
      'each counts for its own series, whatever ParallelizationFactor is.',
    records: [
      ...steady(0, 20),
      {
        partitionKey: 'a',
        arrivalMs: START_MS + 30_000 + DELAY_MS,
        payload: {
          aggregate: [
            { partitionKey: HOST, json: cpu(30) },
            { partitionKey: 'millrace-2', json: cpu(30, { host: 'millrace-2' }) },
          ],
        },
      },
    ],
  },
];
