import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm, writeFile } from 'node:fs/promises';
import { isSystemError, UsageError } from '../exit';
import { isLink, kindOf } from './link';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

/** Of new files, before the process's umask. */
const MODE = 0o666;

/**
 * Opens a file that nothing stands for: not a link, and not one that comes to be just then. What an
 * earlier run left there, which died before it could rename it, is removed.
 * @throws UsageError when the path is a link or a folder
 */
export async function openNewFile(path: string, mode = MODE): Promise<FileHandle> {
  if (kindOf(path) === 'file') await rm(path);
  try {
    return await open(path, O_WRONLY | O_CREAT | O_EXCL, mode);
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'EEXIST') throw error;
    throw new UsageError(`${path}: expected no such file, got one that is in the way`);
  }
}

/**
 * Gives a file its content, whole or not at all: it is written beside and renamed. A link is refused,
 * and so nothing is ever written through one; a device or a pipe is written to.
 * @throws UsageError when the path is a link
 */
export async function replaceFile(
  path: string,
  content: string | Iterable<string>,
  mode = MODE,
): Promise<void> {
  if (kindOf(path) === 'device') {
    await writeDevice(path, content);
    return;
  }
  const fresh = `${path}.part-${process.pid}`;
  const file = await openNewFile(fresh, mode);
  try {
    await writeFile(file, content).finally(() => file.close());
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}

async function writeDevice(path: string, content: string | Iterable<string>): Promise<void> {
  const file = await open(path, O_WRONLY | O_NOFOLLOW).catch((error: unknown) => {
    throw isSystemError(error) && error.code === 'ELOOP' ? isLink(path) : error;
  });
  await writeFile(file, content).finally(() => file.close());
}
