import { readFileSync } from 'node:fs';

/** What the kernel said in one moment, as text: the same from a live /proc and from a capture file. */
export interface RawSample {
  /** Milliseconds since the epoch. */
  readonly t: number;
  readonly stat: string;
  readonly meminfo: string;
  readonly diskstats: string;
  readonly net: string;
  readonly loadavg: string;
}

/** Something that was done to the machine on purpose while it was being recorded. */
export interface RawDisturbance {
  readonly kind: 'disturbance';
  readonly what: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly seconds: number;
}

/** Lines of /proc/meminfo that say anything about use. */
const MEMINFO_LINES = 16;

export function readProc(nowMs: number): RawSample {
  const read = (file: string) => readFileSync(`/proc/${file}`, 'utf8');
  return {
    t: nowMs,
    stat: read('stat'),
    meminfo: read('meminfo').split('\n').slice(0, MEMINFO_LINES).join('\n'),
    diskstats: read('diskstats'),
    net: read('net/dev'),
    loadavg: read('loadavg'),
  };
}

/** One line of a capture file, or null when the capture was cut inside it. */
export function parseRawLine(line: string): RawSample | RawDisturbance | null {
  try {
    const parsed = JSON.parse(line) as RawSample | RawDisturbance;
    return 'stat' in parsed || parsed.kind === 'disturbance' ? parsed : null;
  } catch {
    return null;
  }
}
