import { type ChildProcess, spawn } from 'node:child_process';
import { parseDuration } from '@millrace/core/pipeline/duration';

export const DISTURBANCE_KINDS = ['memory', 'loopback', 'cpu', 'disk'] as const;

export type DisturbanceKind = (typeof DISTURBANCE_KINDS)[number];

export interface Disturbance {
  readonly kind: DisturbanceKind;
  /** After the start of the recording. */
  readonly afterMs: number;
  readonly durationMs: number;
}

/** `memory@20m:3m,loopback@40m:3m`; null when it is no such list. */
export function parseDisturbances(text: string): readonly Disturbance[] | null {
  const list = text.split(',').map((part) => {
    const match = /^([a-z]+)@([^:]+):(.+)$/.exec(part.trim());
    const kind = DISTURBANCE_KINDS.find((each) => each === match?.[1]);
    const afterMs = parseDuration(match?.[2] ?? '');
    const durationMs = parseDuration(match?.[3] ?? '');
    if (kind === undefined || afterMs === null || durationMs === null) return null;
    return { kind, afterMs, durationMs };
  });
  return list.every((each) => each !== null) ? list : null;
}

/**
 * Real load, each in a process of its own that ends by itself. Memory takes a third of what is
 * available and touches it; the flood sends some 100 MB/s through the loopback interface.
 */
const LOADS: Readonly<Record<DisturbanceKind, string>> = {
  memory: `
    const available = Number(/MemAvailable:\\s+(\\d+)/.exec(require('fs').readFileSync('/proc/meminfo'))[1]);
    const blocks = [];
    setInterval(() => {
      if (blocks.length * 64 < available / 1024 / 3) blocks.push(Buffer.alloc(64 * 1024 * 1024, 1));
    }, 20);`,
  loopback: `
    const net = require('net');
    const server = net.createServer((socket) => socket.resume());
    server.listen(0, '127.0.0.1', () => {
      const socket = net.connect(server.address().port, '127.0.0.1');
      const block = Buffer.alloc(64 * 1024);
      setInterval(() => { for (let i = 0; i < 32; i++) socket.write(block); }, 20);
    });`,
  cpu: `
    let x = 0;
    setInterval(() => { const end = Date.now() + 95; while (Date.now() < end) x++; }, 100);`,
  disk: `
    const fs = require('fs'), path = require('path'), os = require('os');
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'millrace-disk-'));
    process.on('exit', () => fs.rmSync(directory, { recursive: true, force: true }));
    const file = fs.openSync(path.join(directory, 'load'), 'w');
    const block = Buffer.alloc(4 * 1024 * 1024, 1);
    setInterval(() => { fs.writeSync(file, block, 0, block.length, 0); fs.fsyncSync(file); }, 50);`,
};

/** Starts the load; it ends after its time, or with this process. */
export function disturb(disturbance: Disturbance): ChildProcess {
  const script = `
    setTimeout(() => process.exit(0), ${disturbance.durationMs});
    process.stdin.resume().on('end', () => process.exit(0));
    ${LOADS[disturbance.kind]}
    setInterval(() => {}, 1000);`;
  return spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'ignore', 'ignore'] });
}
