import { createHash } from 'node:crypto';
import { incidentId, incidentKey } from '@millrace/core/fold/key';
import type { IncidentOutput } from '@millrace/core/fold/state';
import type { DynamoDBRecord } from 'aws-lambda';
import { jsonFile, type SampleFile } from './sample';

const ARN =
  'arn:aws:dynamodb:us-east-1:123456789012:table/millrace-ResultsTable/stream/2026-11-21T11:00:00.000';
const START_MS = Date.UTC(2026, 10, 21, 12);
const MINUTE_MS = 60_000;
const FIRST_SEQUENCE = 140_700_000_000_025_214_311_107n;

interface TransitionSample {
  readonly note: string;
  readonly series: string;
  readonly phase: IncidentOutput['phase'];
  readonly severity: IncidentOutput['severity'];
  /** Minutes from the start. */
  readonly opened: number;
  readonly window: number;
  /** In place of the incident. */
  readonly body?: string;
}

interface TableStreamCase {
  readonly name: string;
  readonly shows: string;
  readonly transitions: readonly TransitionSample[];
}

const told: TransitionSample = {
  note: 'told',
  series: 'web-1',
  phase: 'open',
  severity: 'warning',
  ...{ opened: 0, window: 0 },
};

/** Transitions of `host.memory`, which alerts from `warning` on with a cooldown of 15 minutes. */
export const TABLE_STREAM_CASES: readonly TableStreamCase[] = [
  { name: 'single', shows: 'One incident opens: one alert.', transitions: [told] },
  {
    name: 'batch',
    shows: 'Who is told of what: by severity, phase and cooldown.',
    transitions: [
      told,
      {
        ...told,
        note: 'not told: told of already',
        phase: 'ongoing',
        severity: 'critical',
        window: 1,
      },
      {
        ...told,
        note: 'not told: a recovery',
        phase: 'recovered',
        severity: 'critical',
        window: 3,
      },
      { ...told, note: 'not told: within the cooldown of its series', ...{ opened: 5, window: 5 } },
      { ...told, note: 'not told: too mild', series: 'web-2', severity: 'info' },
      { ...told, note: 'told: it got worse', series: 'web-2', phase: 'ongoing', window: 1 },
    ],
  },
  {
    name: 'duplicate',
    shows: 'A record that the mapping delivers twice: one alert.',
    transitions: [told, { ...told, note: 'not told: published already' }],
  },
  {
    name: 'poison',
    shows: 'A transition that cannot be read is logged, and holds up nothing.',
    transitions: [{ ...told, note: 'not told: unreadable', series: 'web-3', body: '{"id":' }, told],
  },
  { name: 'empty', shows: 'A batch without records.', transitions: [] },
];

/** The event as Lambda delivers it, and its twin for people. */
export function tableStreamFiles(sample: TableStreamCase): readonly SampleFile[] {
  const folder = `events/dynamodb-stream/${sample.name}`;
  const records = sample.transitions.map((each, index) => ({ each, index, ...itemOf(each) }));
  return [
    jsonFile(`${folder}.json`, {
      Records: records.map(({ item, index }) => recordOf(item, index)),
    }),
    jsonFile(`${folder}.decoded.json`, {
      shows: sample.shows,
      records: records.map(({ each, incident, index, item }) => ({
        note: each.note,
        sequenceNumber: sequenceOf(index),
        pk: item.pk,
        sk: item.sk,
        body: each.body ?? incident,
      })),
    }),
  ];
}

function itemOf({ series, phase, severity, opened, window, body }: TransitionSample) {
  const key = { metric: 'host.memory', partitionKey: series, series };
  const openedMs = START_MS + opened * MINUTE_MS;
  const windowMs = START_MS + window * MINUTE_MS;
  const incident: IncidentOutput = {
    id: incidentId(key, openedMs),
    windowMs,
    phase,
    openedMs,
    closedMs: phase === 'recovered' ? windowMs + MINUTE_MS / 2 : null,
    severity,
    score: 6.5,
    observed: 91.2,
    expected: { low: 41.7, high: 55.3 },
    reason: '91.2 is above 41.7 to 55.3',
  };
  return {
    incident,
    item: { ...incidentKey(key, incident), body: body ?? JSON.stringify(incident) },
  };
}

/** The change that made an item, as the stream of the Results table shows it. */
export function recordOf(
  item: { pk: string; sk: string; body: string },
  index: number,
): DynamoDBRecord {
  const SequenceNumber = sequenceOf(index);
  const Keys = { pk: { S: item.pk }, sk: { S: item.sk } };
  return {
    eventID: createHash('md5').update(SequenceNumber).digest('hex'),
    eventName: 'INSERT',
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: 'us-east-1',
    dynamodb: {
      ApproximateCreationDateTime: START_MS / 1000 + 90 + index,
      Keys,
      NewImage: { ...Keys, body: { S: item.body } },
      SequenceNumber,
      SizeBytes: JSON.stringify(item).length,
      StreamViewType: 'NEW_IMAGE',
    },
    eventSourceARN: ARN,
  };
}

export function sequenceOf(index: number): string {
  return String(FIRST_SEQUENCE + BigInt(index) * 1_013n);
}
