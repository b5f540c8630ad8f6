import type { RawSample } from './raw-sample';

/** Ticks (1/100 s) since boot. */
export interface CpuTicks {
  readonly user: number;
  readonly system: number;
  readonly idle: number;
  readonly iowait: number;
  readonly steal: number;
}

export interface NetCounters {
  readonly receivedBytes: number;
  readonly receivedPackets: number;
  readonly sentBytes: number;
  readonly sentPackets: number;
}

export interface DiskCounters {
  readonly reads: number;
  readonly readSectors: number;
  readonly writes: number;
  readonly writtenSectors: number;
  readonly busyMs: number;
}

/** One raw sample as numbers; most of them only ever grow. */
export interface Counters {
  readonly timeMs: number;
  /** `cpu` for all cores together, then `cpu-0`, `cpu-1`, … */
  readonly cpu: ReadonlyMap<string, CpuTicks>;
  readonly memoryKb: ReadonlyMap<string, number>;
  /** All real disks together. */
  readonly disk: DiskCounters;
  readonly net: ReadonlyMap<string, NetCounters>;
  readonly load: readonly [oneMinute: number, fiveMinutes: number, fifteenMinutes: number];
  readonly threads: number;
  readonly forks: number;
  readonly contextSwitches: number;
  readonly interrupts: number;
  readonly running: number;
  readonly blocked: number;
}

export function readCounters(raw: RawSample): Counters {
  const stat = new Map(
    raw.stat.split('\n').map((line) => {
      const [name = '', ...numbers] = line.split(/\s+/, 12);
      return [name, numbers.map(Number)] as const;
    }),
  );
  const first = (name: string) => stat.get(name)?.[0] ?? 0;
  const loadavg = raw.loadavg.split(/[\s/]+/).map(Number);
  const [load1 = 0, load5 = 0, load15 = 0, , threads = 0] = loadavg;
  return {
    timeMs: raw.t,
    cpu: readCpu(stat),
    memoryKb: readMemory(raw.meminfo),
    disk: readDisk(raw.diskstats),
    net: readNet(raw.net),
    load: [load1, load5, load15],
    threads,
    forks: first('processes'),
    contextSwitches: first('ctxt'),
    interrupts: first('intr'),
    running: first('procs_running'),
    blocked: first('procs_blocked'),
  };
}

function readCpu(stat: ReadonlyMap<string, readonly number[]>): Map<string, CpuTicks> {
  const cpu = new Map<string, CpuTicks>();
  for (const [name, numbers] of stat) {
    if (!/^cpu\d*$/.test(name)) continue;
    const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] =
      numbers;
    const sensor = name === 'cpu' ? 'cpu' : `cpu-${name.slice(3)}`;
    cpu.set(sensor, { user: user + nice, system: system + irq + softirq, idle, iowait, steal });
  }
  return cpu;
}

function readMemory(meminfo: string): Map<string, number> {
  const lines = meminfo.matchAll(/^([\w()]+):\s+(\d+)/gm);
  return new Map([...lines].map(([, name, kb]) => [name as string, Number(kb)]));
}

/** Loop devices and compressed memory are no disks; a partition's work is its disk's. */
const NO_DISK = /^(loop|ram|zram|dm-|sr)|^(sd[a-z]+|vd[a-z]+|xvd[a-z]+)\d+$|^nvme\d+n\d+p\d+$/;

function readDisk(diskstats: string): DiskCounters {
  const total = { reads: 0, readSectors: 0, writes: 0, writtenSectors: 0, busyMs: 0 };
  for (const line of diskstats.split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (fields.length < 13 || NO_DISK.test(fields[2] as string)) continue;
    total.reads += Number(fields[3]);
    total.readSectors += Number(fields[5]);
    total.writes += Number(fields[7]);
    total.writtenSectors += Number(fields[9]);
    total.busyMs += Number(fields[12]);
  }
  return total;
}

function readNet(text: string): Map<string, NetCounters> {
  const net = new Map<string, NetCounters>();
  for (const [, name, rest] of text.matchAll(/^\s*([^\s:]+):\s*(.*)$/gm)) {
    const numbers = (rest as string).split(/\s+/).map(Number);
    const [receivedBytes = 0, receivedPackets = 0] = numbers;
    const [sentBytes = 0, sentPackets = 0] = numbers.slice(8);
    net.set(name as string, { receivedBytes, receivedPackets, sentBytes, sentPackets });
  }
  return net;
}
