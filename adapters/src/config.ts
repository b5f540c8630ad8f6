import { MillraceError } from '@millrace/core/error';
import { isLogLevel, LOG_LEVELS, type LogLevel } from './log-level';

/** What the template tells the functions. Fields without a default throw when they are not set. */
export interface Config {
  readonly stateTable: string;
  readonly resultsTable: string;
  readonly controlTable: string;
  readonly quarantineBucket: string;
  readonly streamName: string;
  readonly alertTopicArn: string;
  readonly timestreamDatabase: string;
  readonly timestreamTable: string;
  readonly stateTtlMs: number;
  readonly streamRetentionMs: number;
  /** How long the bytes of refused records are kept. */
  readonly quarantineRetentionMs: number;
  readonly metricsNamespace: string;
  readonly logLevel: LogLevel;
  /** Of an emulator; absent = AWS. */
  readonly endpointUrl?: string;
  /** Of an emulated Timestream, which is another emulator than that of the rest; absent = AWS. */
  readonly timestreamEndpointUrl?: string;
}

/** The environment is not what the function needs. */
export class ConfigError extends MillraceError {
  readonly answer = 'crash';
}

export type Environment = Readonly<Record<string, string | undefined>>;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Reads the environment. A malformed variable throws `ConfigError` here, a missing one when its field
 * is read: every function has only some of them.
 */
export function readConfig(env: Environment = process.env): Config {
  // `sam local` can set only what the template declares, and declaring the SDK's own name would hide
  // the value that an emulator gives it.
  const endpointUrl = urlOf(env, 'ENDPOINT_URL') ?? urlOf(env, 'AWS_ENDPOINT_URL');
  const stateTtlDays = integerOf(env, 'STATE_TTL_DAYS', { min: 1, max: 3650 });
  // Kinesis keeps records for 24 hours to 365 days.
  const retentionHours = integerOf(env, 'STREAM_RETENTION_HOURS', { min: 24, max: 8760 });
  const quarantineDays = integerOf(env, 'QUARANTINE_RETENTION_DAYS', { min: 1, max: 3650 });
  const logLevel = logLevelOf(env);
  const timestreamEndpointUrl = urlOf(env, 'TIMESTREAM_ENDPOINT_URL');
  return {
    get stateTable() {
      return required(env, 'STATE_TABLE');
    },
    get resultsTable() {
      return required(env, 'RESULTS_TABLE');
    },
    get controlTable() {
      return required(env, 'CONTROL_TABLE');
    },
    get quarantineBucket() {
      return required(env, 'QUARANTINE_BUCKET');
    },
    get streamName() {
      return required(env, 'STREAM_NAME');
    },
    get alertTopicArn() {
      return required(env, 'ALERT_TOPIC_ARN');
    },
    get metricsNamespace() {
      return required(env, 'POWERTOOLS_METRICS_NAMESPACE');
    },
    get timestreamDatabase() {
      return required(env, 'TIMESTREAM_DATABASE');
    },
    get timestreamTable() {
      return required(env, 'TIMESTREAM_TABLE');
    },
    get stateTtlMs() {
      return (stateTtlDays ?? missing('STATE_TTL_DAYS')) * DAY_MS;
    },
    get streamRetentionMs() {
      return (retentionHours ?? missing('STREAM_RETENTION_HOURS')) * HOUR_MS;
    },
    get quarantineRetentionMs() {
      return (quarantineDays ?? missing('QUARANTINE_RETENTION_DAYS')) * DAY_MS;
    },
    logLevel,
    ...(endpointUrl !== undefined && { endpointUrl }),
    ...(timestreamEndpointUrl !== undefined && { timestreamEndpointUrl }),
  };
}

/** A template's empty parameter arrives as an empty variable: not set. */
function textOf(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}

function required(env: Environment, name: string): string {
  return textOf(env, name) ?? missing(name);
}

function missing(name: string): never {
  throw new ConfigError(`environment variable ${name} is not set`);
}

function integerOf(
  env: Environment,
  name: string,
  { min, max }: { readonly min: number; readonly max: number },
): number | undefined {
  const text = textOf(env, name);
  if (text === undefined) return undefined;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  return malformed(name, `an integer from ${min} to ${max}`, text);
}

function urlOf(env: Environment, name: string): string | undefined {
  const text = textOf(env, name);
  if (text === undefined || /^https?:\/\/[^/\s]+/.test(text)) return text;
  return malformed(name, 'a URL like "http://127.0.0.1:4566"', text);
}

function logLevelOf(env: Environment): LogLevel {
  const text = textOf(env, 'LOG_LEVEL')?.toUpperCase();
  if (text === undefined) return 'INFO';
  return isLogLevel(text) ? text : malformed('LOG_LEVEL', `one of ${LOG_LEVELS.join(', ')}`, text);
}

function malformed(name: string, expected: string, got: string): never {
  throw new ConfigError(`environment variable ${name}: expected ${expected}, got "${got}"`);
}
