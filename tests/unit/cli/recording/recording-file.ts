import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

export const HEADER = '{"kind":"header","v":1}';

/** A record line; every field can be replaced, or left out with `undefined`. */
export function line(fields: Record<string, unknown> = {}): string {
  return JSON.stringify({ s: 's0', q: '1', p: 'k', a: 1.5, j: { x: 1 }, ...fields });
}

/** The text of a whole recording with its right trailer. */
export function recordingText(lines: readonly string[], header = HEADER): string {
  const body = [header, ...lines].map((text) => `${text}\n`).join('');
  return `${body}${trailer(body, lines.length)}\n`;
}

export function trailer(body: string, records: number): string {
  const sha256 = createHash('sha256').update(body).digest('hex');
  return JSON.stringify({ kind: 'end', records, sha256 });
}

/** A folder for one test file; call `remove` at the end. */
export function createFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'));
  return {
    path: (name: string) => join(folder, name),
    write(name: string, content: string | Uint8Array): string {
      const path = join(folder, name);
      writeFileSync(
        path,
        name.endsWith('.gz') && typeof content === 'string' ? gzipSync(content) : content,
      );
      return path;
    },
    makeFolder: (name: string) => mkdirSync(join(folder, name), { recursive: true }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
