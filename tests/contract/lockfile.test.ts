import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Lock = { packages: Record<string, { integrity?: string }> };

const lock = () => JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock;
const ESBUILD = 'node_modules/@esbuild/darwin-arm64';

function check(changed: Lock) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-lock-'));
  const file = join(folder, 'package-lock.json');
  writeFileSync(file, JSON.stringify(changed));
  const script = ['scripts/complete-lockfile.mjs', '--check', '--file', file];
  const { status, stderr } = spawnSync(process.execPath, script, { encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  return { status, stderr };
}

describe('complete-lockfile --check', () => {
  it('passes the lock of the project: every platform, every hash', () => {
    expect(check(lock())).toEqual({ status: 0, stderr: '' });
  });

  it('names a download without a hash', () => {
    const changed = lock();
    delete changed.packages['node_modules/commander']?.integrity;
    const { status, stderr } = check(changed);
    expect(status).toBe(1);
    expect(stderr).toBe('package-lock.json lacks 1 integrity hashes of: node_modules/commander\n');
  });

  it('takes a weak hash for none', () => {
    const changed = lock();
    changed.packages['node_modules/commander'] = { integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' };
    expect(check(changed).status).toBe(1);
  });

  it('names a platform that npm left out', () => {
    const changed = lock();
    delete changed.packages[ESBUILD];
    const { status, stderr } = check(changed);
    expect(status).toBe(1);
    expect(stderr).toContain(`lacks 1 platform packages: ${ESBUILD}`);
  });
});

/** pip checks every file against a hash once one requirement has one. */
describe('scripts/sam-requirements.txt', () => {
  const lines = readFileSync('scripts/sam-requirements.txt', 'utf8').split('\n');
  const pins = lines.filter((line) => /^[a-z]/i.test(line));
  const wanted = readFileSync('scripts/sam-requirements.in', 'utf8').match(/^[a-z].*$/gm) ?? [];

  it.each(wanted)('holds %s', (pin) => {
    expect(pins.some((line) => line.startsWith(`${pin} `))).toBe(true);
  });

  it('pins every package exactly, with at least one SHA-256 each', () => {
    expect(pins.length).toBeGreaterThan(60);
    for (const [index, line] of lines.entries()) {
      if (!/^[a-z]/i.test(line)) continue;
      expect(line).toMatch(/^[\w.-]+==[\w.]+ (; .+ )?\\$/);
      expect(lines[index + 1]).toMatch(/^ {4}--hash=sha256:[0-9a-f]{64}( \\)?$/);
    }
  });

  it('names no index: it is the one that pip is set up with', () => {
    expect(lines.filter((line) => line.includes('://'))).toEqual([]);
  });
});
