import { mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { jsonText } from '@millrace/core/json/write-json';
import { isSystemError, UsageError } from '../../exit';
import { makeFolder } from '../../make-folder';

/** What a replay leaves in its folder; anything else there is not ours to replace. */
export const OUTPUT_FILES = [
  'rows.ndjson',
  'incidents.ndjson',
  'quarantine.ndjson',
  'accounting.json',
] as const;

/** What `millrace report` makes of them there; out of date as soon as they are replaced. */
const REPORT = 'report.html';

export type OutputFile = (typeof OUTPUT_FILES)[number];

/**
 * Refuses a folder that holds something a replay did not write. Asked before the run too, which may
 * take minutes.
 * @returns whether the folder exists
 */
export async function checkOutputFolder(folder: string): Promise<boolean> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    const code = isSystemError(error) ? error.code : undefined;
    if (code === 'ENOENT') return false;
    if (code !== 'ENOTDIR') throw error;
    throw new UsageError(`millrace replay: --out: expected a folder, got the file ${folder}`);
  }
  const ours: readonly string[] = [...OUTPUT_FILES, REPORT];
  const foreign = names.sort().find((name) => !ours.includes(name));
  if (foreign !== undefined) {
    throw new UsageError(
      `millrace replay: --out: expected a new or empty folder or one of an earlier replay, got ${folder} with ${JSON.stringify(foreign)} in it`,
    );
  }
  return true;
}

/** Writes all files beside the folder first, so that nobody ever sees half of a result. */
export async function writeOutputFolder(
  folder: string,
  files: Readonly<Record<OutputFile, Iterable<string>>>,
): Promise<void> {
  const target = resolve(folder);
  const exists = await checkOutputFolder(target);
  await makeFolder(dirname(target));
  const fresh = `${target}.part-${process.pid}`;
  await mkdir(fresh);
  try {
    for (const name of OUTPUT_FILES) await writeFile(join(fresh, name), files[name]);
    if (!exists) return await rename(fresh, target);
    // Renaming over the files, not the folder: it may be a mount point or somebody's working directory.
    for (const name of OUTPUT_FILES) await rename(join(fresh, name), join(target, name));
    await rm(join(target, REPORT), { force: true });
    await rmdir(fresh);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
}

const CHUNK_LENGTH = 64 * 1024;

/** Objects as lines of JSON, in pieces worth a write each. */
export function* jsonLines(documents: Iterable<unknown>): Generator<string> {
  let chunk = '';
  for (const document of documents) {
    chunk += `${jsonText(document)}\n`;
    if (chunk.length < CHUNK_LENGTH) continue;
    yield chunk;
    chunk = '';
  }
  yield chunk;
}
