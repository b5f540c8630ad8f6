import { createBatchMetrics } from '@millrace/adapters/metrics';

const BATCH = {
  records: 10,
  applied: 7,
  late: 2,
  dedupeOverflow: 5,
  invalid: 1,
  parked: 2,
  redelivered: 4,
  unkeyed: 6,
  conflicts: 3,
  spreadSeries: 6,
  newSeries: 5,
  lastArrivalMs: 1_000,
  failed: false,
};

function written(batch: Partial<typeof BATCH> = {}) {
  const lines: string[] = [];
  const observe = createBatchMetrics({
    namespace: 'millrace/test',
    service: 'stream-consumer',
    nowMs: () => 1_250,
    write: (line) => lines.push(line),
  });
  observe({ ...BATCH, ...batch });
  return lines;
}

test('a batch is one line of JSON: its counts, and what was quarantined', () => {
  const lines = written();

  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^\{[^\n]*\}\n$/);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    service: 'stream-consumer',
    Records: 10,
    Applied: 7,
    Late: 2,
    DedupeOverflow: 5,
    SpreadSeries: 6,
    Invalid: 1,
    Quarantined: 3,
    Parked: 2,
    Redelivered: 4,
    Unkeyed: 6,
    Conflicts: 3,
    NewSeries: 5,
    FailedBatches: 0,
    Lag: 250,
  });
});

test('CloudWatch is told of every number and of one dimension, the service', () => {
  const { _aws, service, ...values } = JSON.parse(written()[0] ?? '');
  const [directive, ...others] = _aws.CloudWatchMetrics;

  expect(others).toEqual([]);
  expect(_aws.Timestamp).toBe(1_250);
  expect(directive.Namespace).toBe('millrace/test');
  expect(directive.Dimensions).toEqual([['service']]);
  expect(directive.Metrics.map(({ Name }: { Name: string }) => Name)).toEqual(Object.keys(values));
  expect(service).toBe('stream-consumer');
});

test.each([
  ['a batch of which a part goes back counts as failed', { failed: true }, { FailedBatches: 1 }],
  ['a record from a clock that is ahead has no age', { lastArrivalMs: 9_999 }, { Lag: 0 }],
])('%s', (_name, batch, expected) => {
  expect(JSON.parse(written(batch)[0] ?? '')).toMatchObject(expected);
});
