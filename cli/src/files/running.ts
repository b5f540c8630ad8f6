import { isSystemError } from '../exit';

/** Whether a process may still be at work on what it began: its files are not for others to remove. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return isSystemError(error) && error.code === 'EPERM';
  }
}
