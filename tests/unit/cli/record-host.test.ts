import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run as runCommand } from '../../../cli/src/main';
import { readCounters } from '../../../cli/src/record-host/counters';
import { disturb, parseDisturbances } from '../../../cli/src/record-host/disturbance';
import type { RawSample } from '../../../cli/src/record-host/raw-sample';
import { type TelemetryRecord, telemetry } from '../../../cli/src/record-host/telemetry';
import { createUplink } from '../../../cli/src/record-host/uplink';
import type { RecordToWrite } from '../../../cli/src/recording/write';
import { captureOutput } from './capture-output';

// A replay takes a second, on a busy machine several.
jest.setTimeout(60_000);

const T0 = Date.UTC(2026, 0, 5, 10);

/** A machine that has been busy half of the time since it started, `second` seconds ago. */
function rawSample(second: number): RawSample {
  const ticks = second * 50;
  return {
    t: T0 + second * 1000,
    stat: [
      `cpu  ${ticks} 0 ${ticks} ${2 * ticks} 0 0 0 0 0 0`,
      `cpu0 ${ticks} 0 ${ticks} 0 0 0 0 0 0 0`,
      `cpu1 0 0 0 ${2 * ticks} 0 0 0 0 0 0`,
      `intr ${second * 300} 1 2 3`,
      `ctxt ${second * 1000}`,
      `processes ${second * 3}`,
      'procs_running 2',
      'procs_blocked 1',
    ].join('\n'),
    meminfo: 'MemTotal:  1000 kB\nMemFree:  300 kB\nMemAvailable:  750 kB\nCached:  100 kB',
    diskstats: [
      '   7       0 loop0 9 9 9999 9 9 9 9999 9 9 9 9',
      ` 254       0 vda ${second} 0 ${second * 8} 0 ${second} 0 ${second * 16} 0 0 ${second * 250} 0`,
      ` 254       1 vda1 ${second} 0 ${second * 8} 0 ${second} 0 ${second * 16} 0 0 ${second * 250} 0`,
    ].join('\n'),
    net: [
      'Inter-|   Receive  |  Transmit',
      ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs',
      `    lo: ${second * 2048} ${second * 2} 0 0 0 0 0 0 ${second * 1024} ${second} 0 0 0 0 0 0`,
      '  ifb0:       0       0    0    0    0     0          0         0        0       0    0    0',
    ].join('\n'),
    loadavg: '0.50 0.40 0.30 1/90 2201',
  };
}

function sensor(records: readonly TelemetryRecord[], name: string): TelemetryRecord {
  return records.find((record) => record.sensor === name)!;
}

describe('telemetry', () => {
  const options = { host: 'millrace-1', interfaces: ['lo'] };
  const records = telemetry(readCounters(rawSample(10)), readCounters(rawSample(12)), options);

  it.each([
    ['cpu', { busyPercent: 50, userPercent: 25, systemPercent: 25 }],
    ['cpu-0', { busyPercent: 100 }],
    ['cpu-1', { busyPercent: 0 }],
    ['memory', { usedPercent: 25, usedKb: 250, cachedKb: 100, freeKb: 300 }],
    // The partition and the loop device are not counted again.
    [
      'disk',
      { readKbPerSecond: 4, writtenKbPerSecond: 8, operationsPerSecond: 2, busyPercent: 25 },
    ],
    ['net-lo', { kbPerSecond: 3, receivedKbPerSecond: 2, sentKbPerSecond: 1, packetsPerSecond: 3 }],
    ['load', { oneMinute: 0.5, fiveMinutes: 0.4, fifteenMinutes: 0.3 }],
    [
      'processes',
      {
        ...{ contextSwitchesPerSecond: 1000, interruptsPerSecond: 300, forksPerSecond: 3 },
        ...{ running: 2, blocked: 1, threads: 90 },
      },
    ],
  ])('%s: rates per second of two samples', (name, expected) => {
    expect(sensor(records, name)).toMatchObject({
      ...{ type: 'telemetry', host: 'millrace-1', sensor: name, ts: T0 + 12_000 },
      ...expected,
    });
  });

  it('gives every record an id of its own', () => {
    expect(new Set(records.map(({ id }) => id)).size).toBe(records.length);
  });

  it('shows no negative rate when a counter starts anew', () => {
    const again = telemetry(
      readCounters(rawSample(12)),
      readCounters({ ...rawSample(1), t: T0 + 13_000 }),
      options,
    );

    expect(sensor(again, 'net-lo')).toMatchObject({ kbPerSecond: 0, packetsPerSecond: 0 });
  });
});

/** Twenty minutes of two sensors through the uplink, as the stream gets them. */
function delivered() {
  const durationMs = 20 * 60_000;
  const uplink = createUplink({
    seed: 1,
    shards: 2,
    startMs: T0,
    durationMs,
    outageSensor: 'disk',
  });
  const arrived: RecordToWrite[] = [];
  for (let ms = 0; ms <= durationMs; ms += 1000) {
    const records = ['cpu', 'disk'].map(
      (name): TelemetryRecord => ({
        ...{ type: 'telemetry', host: 'h', sensor: name, ts: T0 + ms, id: `${name}-${ms}` },
      }),
    );
    arrived.push(...uplink.send(T0 + ms, records));
  }
  arrived.push(...uplink.finish());
  return { arrived, truth: uplink.truth() };
}

describe('uplink', () => {
  const { arrived, truth } = delivered();
  const parsed = arrived.flatMap((record) => {
    try {
      return [{ ...record, json: JSON.parse(Buffer.from(record.bytes).toString()) }];
    } catch {
      return [];
    }
  });

  it('delivers in order of arrival, each sensor under its own partition key', () => {
    const arrivals = arrived.map(({ arrivalMs }) => arrivalMs);

    expect(arrivals).toEqual([...arrivals].sort((a, b) => a - b));
    expect([...new Set(arrived.map(({ partitionKey }) => partitionKey))]).toEqual([
      'h/cpu',
      'h/disk',
    ]);
  });

  it('loses nothing: what is not cut arrives, some of it twice', () => {
    const ids = parsed.map(({ json }) => json.id);
    const twice = ids.filter((id, index) => ids.indexOf(id) !== index);

    expect(twice.sort()).toEqual([...truth.duplicates].sort());
    expect(truth.cut).toHaveLength(arrived.length - parsed.length);
    expect(new Set([...ids, ...truth.cut]).size).toBe(2 * 1201);
  });

  it('keeps the samples of the outage back, and sends the newest first', () => {
    const [fromMs, toMs] = [Date.parse(truth.outage!.from), Date.parse(truth.outage!.to)];
    const kept = parsed.filter(
      ({ json }) => json.sensor === 'disk' && json.ts >= fromMs && json.ts < toMs,
    );
    const times = kept.map(({ json }) => json.ts);

    expect(kept.length).toBeGreaterThanOrEqual(89);
    expect(times).toEqual([...times].sort((a, b) => b - a));
    expect(kept.every(({ arrivalMs }) => arrivalMs >= toMs)).toBe(true);
  });

  it('is the same for the same seed', () => {
    expect(delivered().arrived).toEqual(arrived);
  });
});

describe('parseDisturbances', () => {
  it('reads a list of kind, beginning and length', () => {
    expect(parseDisturbances('memory@20m:3m, loopback@40s:500ms')).toEqual([
      { kind: 'memory', afterMs: 1_200_000, durationMs: 180_000 },
      { kind: 'loopback', afterMs: 40_000, durationMs: 500 },
    ]);
  });

  it.each(['', 'memory', 'memory@20m', 'memory@20:3m', 'fire@1m:1m', 'cpu@1m:1m,'])(
    'refuses %p',
    (text) => {
      expect(parseDisturbances(text)).toBeNull();
    },
  );
});

describe('disturb', () => {
  it('makes load in a process that ends by itself', async () => {
    const child = disturb({ kind: 'disk', afterMs: 0, durationMs: 300 });
    const [code] = await once(child, 'exit');

    expect(code).toBe(0);
  });
});

describe('millrace record-host', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-host-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  async function command(...args: string[]) {
    const output = captureOutput();
    const code = await runCommand(['record-host', ...args]).finally(output.restore);
    return { code, stdout: output.printed.stdout, errors: output.errorLines() };
  }

  it('makes a recording of a part of a capture that the shipped pipeline understands', async () => {
    const capture = join(folder, 'capture.ndjson');
    const lines = Array.from({ length: 1300 }, (_, second) =>
      JSON.stringify(rawSample(second + 1)),
    );
    lines.splice(
      700,
      0,
      JSON.stringify({ kind: 'disturbance', what: 'memory', at: T0 + 700_000, seconds: 60 }),
    );
    writeFileSync(capture, `${lines.join('\n')}\n{"t":17955`);
    const out = join(folder, 'host.ndjson');
    const made = await command(
      '--from-raw',
      capture,
      '--from',
      '1',
      '--to',
      '20',
      '--out',
      out,
      '--json',
    );
    const truth = JSON.parse(readFileSync(`${out}.truth.json`, 'utf8'));
    const output = captureOutput();
    const code = await runCommand(['replay', out, '--json']).finally(output.restore);
    const accounting = JSON.parse(output.printed.stdout);

    expect(made).toMatchObject({ code: 0, errors: [] });
    expect(truth.disturbances).toEqual([
      { what: 'memory', from: '2026-01-05T10:11:40.000Z', to: '2026-01-05T10:12:40.000Z' },
    ]);
    expect(code).toBe(0);
    expect(accounting).toMatchObject({
      records: truth.records,
      duplicate: truth.uplink.duplicates.length,
      invalid: truth.uplink.cut.length,
      unmatched: 0,
    });
    expect(accounting.late).toBeGreaterThan(0);
    expect(accounting.late).toBeLessThan(20);
  });

  it.each([
    [['--disturb', 'fire@1m:1m'], /^millrace record-host: --disturb: expected KIND@AFTER:DURATION/],
    [['--from-raw', 'no-such-file'], /^no-such-file: expected a capture file, found none$/],
    [['--from-raw', 'x', '--disturb', 'cpu@1m:1m'], /--disturb: a capture is over/],
  ])('%p: one line, exit 2', async (args, line) => {
    const run = await command('--out', join(folder, 'no.ndjson'), ...args);

    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.errors).toHaveLength(1);
    expect(run.errors[0]).toMatch(line);
  });
});
