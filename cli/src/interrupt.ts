/** What a shell adds to the number of the signal that ended a command. */
const SIGNAL_CODE = 128;
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

const cleanups = new Set<() => void>();

/**
 * What must be put right however the process ends (the cursor, half a line): called at its end, unless
 * the function that comes back has been called before. It must not wait for anything.
 */
export function beforeEnd(cleanup: () => void): () => void {
  cleanups.add(cleanup);
  return () => cleanups.delete(cleanup);
}

/**
 * Ctrl-C ends the process with code 130, and puts right what was noted. A command that ends well by
 * itself (`record` closes its file) listens too, and is let to do so; once it no longer does, we end it.
 */
export function endOnSignals(): void {
  process.on('exit', () => {
    for (const cleanup of cleanups) cleanup();
  });
  for (const [signal, number] of Object.entries(SIGNALS)) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(SIGNAL_CODE + number);
    });
  }
}
