import { jsonFile, type SampleFile } from './sample';

/** What EventBridge Scheduler sends to a function when the schedule sets no input: `detail` is text. */
export function scheduleFiles(): readonly SampleFile[] {
  const event = {
    version: '0',
    id: '7e1d3c52-6c1a-4a0e-9d55-0b9f6a3f2c11',
    'detail-type': 'Scheduled Event',
    source: 'aws.scheduler',
    account: '123456789012',
    time: '2026-11-21T12:01:00Z',
    region: 'us-east-1',
    resources: [
      'arn:aws:scheduler:us-east-1:123456789012:schedule/default/millrace-StreamSweeperEveryMinute',
    ],
    detail: '{}',
  };
  const twin = {
    shows: 'One sweep. The sweeper reads nothing of the event: what is due is in the State table.',
    time: event.time,
  };
  return [
    jsonFile('events/schedule/single.json', event),
    jsonFile('events/schedule/single.decoded.json', twin),
  ];
}
