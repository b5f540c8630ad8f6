import { ConfigError, readConfig } from '@millrace/adapters/config';
import { answerTo } from '@millrace/core/error';

const complete = {
  STATE_TABLE: 'state-1',
  RESULTS_TABLE: 'results-1',
  CONTROL_TABLE: 'control-1',
  QUARANTINE_BUCKET: 'quarantine-1',
  STREAM_NAME: 'events-1',
  ALERT_TOPIC_ARN: 'arn:aws:sns:us-east-1:123456789012:alerts',
  POWERTOOLS_METRICS_NAMESPACE: 'millrace/one',
  TIMESTREAM_DATABASE: 'database-1',
  TIMESTREAM_TABLE: 'rows-1',
  TIMESTREAM_ENDPOINT_URL: 'http://127.0.0.1:5000',
  STATE_TTL_DAYS: '7',
  QUARANTINE_RETENTION_DAYS: '90',
  STREAM_RETENTION_HOURS: '24',
  LOG_LEVEL: 'warn',
  AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
};

test('a complete environment becomes typed values with units', () => {
  expect({ ...readConfig(complete) }).toEqual({
    stateTable: 'state-1',
    resultsTable: 'results-1',
    controlTable: 'control-1',
    quarantineBucket: 'quarantine-1',
    streamName: 'events-1',
    alertTopicArn: 'arn:aws:sns:us-east-1:123456789012:alerts',
    metricsNamespace: 'millrace/one',
    timestreamDatabase: 'database-1',
    timestreamTable: 'rows-1',
    timestreamEndpointUrl: 'http://127.0.0.1:5000',
    stateTtlMs: 604_800_000,
    quarantineRetentionMs: 90 * 86_400_000,
    streamRetentionMs: 86_400_000,
    logLevel: 'WARN',
    endpointUrl: 'http://127.0.0.1:4566',
  });
});

test('level and endpoint have defaults', () => {
  const config = readConfig({ LOG_LEVEL: ' ', AWS_ENDPOINT_URL: '' });
  expect(config.logLevel).toBe('INFO');
  expect('endpointUrl' in config).toBe(false);
});

test.each([
  ['stateTable', 'STATE_TABLE'],
  ['resultsTable', 'RESULTS_TABLE'],
  ['controlTable', 'CONTROL_TABLE'],
  ['quarantineBucket', 'QUARANTINE_BUCKET'],
  ['streamName', 'STREAM_NAME'],
  ['alertTopicArn', 'ALERT_TOPIC_ARN'],
  ['metricsNamespace', 'POWERTOOLS_METRICS_NAMESPACE'],
  ['timestreamDatabase', 'TIMESTREAM_DATABASE'],
  ['timestreamTable', 'TIMESTREAM_TABLE'],
  ['stateTtlMs', 'STATE_TTL_DAYS'],
  ['streamRetentionMs', 'STREAM_RETENTION_HOURS'],
  ['quarantineRetentionMs', 'QUARANTINE_RETENTION_DAYS'],
] as const)('%s names the variable %s when it is missing or empty', (field, variable) => {
  for (const value of [undefined, '']) {
    const config = readConfig({ ...complete, [variable]: value });
    expect(() => config[field]).toThrow(`environment variable ${variable} is not set`);
  }
});

test.each([
  ['STATE_TTL_DAYS', '3651', 'an integer from 1 to 3650'],
  ['STATE_TTL_DAYS', '1.5', 'an integer from 1 to 3650'],
  ['STATE_TTL_DAYS', '7d', 'an integer from 1 to 3650'],
  ['QUARANTINE_RETENTION_DAYS', '0', 'an integer from 1 to 3650'],
  ['STREAM_RETENTION_HOURS', '-24', 'an integer from 24 to 8760'],
  ['LOG_LEVEL', 'LOUD', 'one of DEBUG, INFO, WARN, ERROR, SILENT'],
  ['AWS_ENDPOINT_URL', 'localhost:4566', 'a URL like "http://127.0.0.1:4566"'],
])('%s=%s is refused at once', (variable, value, expected) => {
  const act = () => readConfig({ ...complete, [variable]: value });
  const message = `environment variable ${variable}: expected ${expected}, got "${value}"`;
  expect(act).toThrow(new ConfigError(message));
});

test('a wrong environment is a crash', () => {
  expect(answerTo(new ConfigError('x'))).toBe('crash');
});
