import type { Counters, CpuTicks } from './counters';

/** One record: what one subsystem did since the sample before. */
export interface TelemetryRecord {
  readonly type: 'telemetry';
  readonly id: string;
  readonly host: string;
  readonly sensor: string;
  /** Milliseconds since the epoch, of the later of the two samples. */
  readonly ts: number;
  readonly [field: string]: string | number;
}

export interface TelemetryOptions {
  /** Name shown for the machine: never its real one. */
  readonly host: string;
  /** Network interfaces worth a series. */
  readonly interfaces: readonly string[];
}

const SECTOR_BYTES = 512;

/** Interfaces that carried anything at all. */
export function usedInterfaces(counters: Counters): readonly string[] {
  return [...counters.net]
    .filter(
      ([name, { receivedBytes, sentBytes }]) => name === 'lo' || receivedBytes + sentBytes > 0,
    )
    .map(([name]) => name);
}

/** Turns two samples into one record per subsystem; rates are per second, sizes in kilobytes. */
export function telemetry(
  before: Counters,
  after: Counters,
  options: TelemetryOptions,
): readonly TelemetryRecord[] {
  const seconds = (after.timeMs - before.timeMs) / 1000;
  const perSecond = (now: number, then: number) => round(Math.max(0, now - then) / seconds);
  const record = (sensor: string, fields: Readonly<Record<string, number>>): TelemetryRecord => ({
    type: 'telemetry',
    id: `${sensor}-${after.timeMs.toString(36)}`,
    host: options.host,
    sensor,
    ts: after.timeMs,
    ...fields,
  });
  const disk = { now: after.disk, before: before.disk };
  const memory = (name: string) => after.memoryKb.get(name) ?? 0;
  return [
    ...[...after.cpu].flatMap(([sensor, ticks]) => {
      const then = before.cpu.get(sensor);
      return then === undefined ? [] : [record(sensor, cpuShares(then, ticks))];
    }),
    record('memory', {
      usedPercent: round(100 * (1 - memory('MemAvailable') / memory('MemTotal'))),
      usedKb: memory('MemTotal') - memory('MemAvailable'),
      cachedKb: memory('Cached'),
      freeKb: memory('MemFree'),
    }),
    record('disk', {
      readKbPerSecond:
        perSecond(disk.now.readSectors, disk.before.readSectors) * (SECTOR_BYTES / 1024),
      writtenKbPerSecond:
        perSecond(disk.now.writtenSectors, disk.before.writtenSectors) * (SECTOR_BYTES / 1024),
      operationsPerSecond: perSecond(
        disk.now.reads + disk.now.writes,
        disk.before.reads + disk.before.writes,
      ),
      busyPercent: round(Math.min(100, perSecond(disk.now.busyMs, disk.before.busyMs) / 10)),
    }),
    ...options.interfaces.flatMap((name) => {
      const now = after.net.get(name);
      const then = before.net.get(name);
      if (now === undefined || then === undefined) return [];
      const receivedKbPerSecond = round(perSecond(now.receivedBytes, then.receivedBytes) / 1024);
      const sentKbPerSecond = round(perSecond(now.sentBytes, then.sentBytes) / 1024);
      const packetsPerSecond = perSecond(
        now.receivedPackets + now.sentPackets,
        then.receivedPackets + then.sentPackets,
      );
      const kbPerSecond = round(receivedKbPerSecond + sentKbPerSecond);
      const fields = { kbPerSecond, receivedKbPerSecond, sentKbPerSecond, packetsPerSecond };
      return [record(`net-${name}`, fields)];
    }),
    record('load', {
      oneMinute: after.load[0],
      fiveMinutes: after.load[1],
      fifteenMinutes: after.load[2],
    }),
    record('processes', {
      contextSwitchesPerSecond: perSecond(after.contextSwitches, before.contextSwitches),
      interruptsPerSecond: perSecond(after.interrupts, before.interrupts),
      forksPerSecond: perSecond(after.forks, before.forks),
      running: after.running,
      blocked: after.blocked,
      threads: after.threads,
    }),
  ];
}

function cpuShares(then: CpuTicks, now: CpuTicks): Readonly<Record<string, number>> {
  const user = now.user - then.user;
  const system = now.system - then.system;
  const waiting = now.iowait - then.iowait;
  const stolen = now.steal - then.steal;
  // The kernel's idle counter may step back a tick; a share must not leave 0 to 100 for it.
  const idle = Math.max(0, now.idle - then.idle);
  const total = Math.max(1, user + system + waiting + stolen + idle);
  const percent = (ticks: number) => round(Math.max(0, (100 * ticks) / total));
  return {
    busyPercent: percent(user + system + stolen),
    userPercent: percent(user),
    systemPercent: percent(system),
    waitingPercent: percent(waiting),
    stolenPercent: percent(stolen),
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
