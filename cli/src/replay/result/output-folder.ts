import { readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { jsonText } from '@millrace/core/json/write-json';
import { isSystemError, UsageError } from '../../exit';
import { kindOf } from '../../files/link';
import { makeFolder } from '../../files/make-folder';
import { isRunning } from '../../files/running';
import { beforeEnd } from '../../interrupt';

/** What a replay leaves in its folder; anything else there is not ours to replace. */
export const OUTPUT_FILES = [
  'rows.ndjson',
  'incidents.ndjson',
  'quarantine.ndjson',
  'accounting.json',
] as const;

/** What `millrace report` makes of them there; out of date as soon as they are replaced. */
const REPORT = 'report.html';

/** What `millrace start` writes beside them. */
export const EXTRA_FILES = ['bands.ndjson', 'run.json', REPORT] as const;

export type OutputFile = (typeof OUTPUT_FILES)[number];

/** Whose folder it is, and what belongs in it beside `OUTPUT_FILES`. */
export interface FolderKind {
  /** What complaints begin with. */
  readonly command: string;
  readonly expected: string;
  readonly extraFiles: readonly string[];
}

const REPLAY: FolderKind = {
  command: 'millrace replay',
  expected: 'a new or empty folder or one of an earlier replay',
  extraFiles: [REPORT],
};

/**
 * Refuses a folder that holds something a replay did not write. Asked before the run too, which may
 * take minutes.
 * @returns whether the folder exists
 * @throws UsageError also when one of its files is a link
 */
export async function checkOutputFolder(folder: string, kind = REPLAY): Promise<boolean> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    const code = isSystemError(error) ? error.code : undefined;
    if (code === 'ENOENT') return false;
    if (code !== 'ENOTDIR') throw error;
    throw new UsageError(`${kind.command}: --out: expected a folder, got the file ${folder}`);
  }
  const ours: readonly string[] = [...OUTPUT_FILES, ...kind.extraFiles];
  const foreign = names.sort().find((name) => !ours.includes(name));
  if (foreign !== undefined) {
    throw new UsageError(
      `${kind.command}: --out: expected ${kind.expected}, got ${folder} with ${JSON.stringify(foreign)} in it`,
    );
  }
  for (const name of names) kindOf(join(folder, name));
  return true;
}

/**
 * Writes all files beside the folder first: what an earlier run left there stays until all of them are
 * there, and nothing ever shows half of a result.
 * @param finish writes the kind's own files into the folder that is about to take the old one's place
 */
export async function writeOutputFolder(
  folder: string,
  files: Readonly<Record<OutputFile, Iterable<string>>>,
  kind = REPLAY,
  finish: (fresh: string) => Promise<void> = async () => {},
): Promise<void> {
  const target = resolve(folder);
  const exists = await checkOutputFolder(target, kind);
  await makeFolder(dirname(target));
  removeLeftovers(target);
  const fresh = `${target}.part-${process.pid}`;
  await mkdir(fresh);
  const drop = () => rmSync(fresh, { recursive: true, force: true });
  const ended = beforeEnd(drop);
  try {
    for (const name of OUTPUT_FILES)
      await writeFile(join(fresh, name), files[name], { flag: 'wx' });
    await finish(fresh);
    swap(fresh, target, exists ? kind : null);
  } catch (error) {
    drop();
    throw error;
  } finally {
    ended();
  }
}

/**
 * In one go, which no signal comes between. Files are renamed and not the folder, if there is one: it
 * may be a mount point or some shell's working directory.
 */
function swap(fresh: string, target: string, replaced: FolderKind | null): void {
  if (replaced === null) {
    renameSync(fresh, target);
    return;
  }
  const names = readdirSync(fresh);
  for (const name of names) renameSync(join(fresh, name), join(target, name));
  const outdated = replaced.extraFiles.filter((name) => !names.includes(name));
  for (const name of outdated) rmSync(join(target, name), { force: true });
  rmdirSync(fresh);
}

/** What runs left that were killed before they could rename it. */
function removeLeftovers(target: string): void {
  const prefix = `${basename(target)}.part-`;
  for (const name of readdirSync(dirname(target))) {
    const pid = name.startsWith(prefix) ? name.slice(prefix.length) : '';
    if (!/^\d+$/.test(pid) || (Number(pid) !== process.pid && isRunning(Number(pid)))) continue;
    const folder = join(dirname(target), name);
    if (kindOf(folder) !== 'folder') continue;
    const ours: readonly string[] = [...OUTPUT_FILES, ...EXTRA_FILES];
    if (readdirSync(folder).every((file) => ours.includes(file))) {
      rmSync(folder, { recursive: true });
    }
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
