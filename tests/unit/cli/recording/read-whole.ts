import { UsageError } from '../../../../cli/src/exit';
import { type ReadOptions, readRecording } from '../../../../cli/src/recording/read';
import type { RecordedRecord } from '../../../../cli/src/recording/record';

/** All of a recording, with the path in its warnings replaced. */
export async function read(path: string, options: ReadOptions = {}) {
  const records: RecordedRecord[] = [];
  const warnings: string[] = [];
  const warn = (message: string) => warnings.push(message.replace(path, 'FILE'));
  const summary = await readRecording(path, { warn, ...options }, (record) => {
    records.push(record);
  });
  return { records, warnings, summary };
}

/** The one line that reading fails with, the path replaced. */
export async function problemOf(path: string, options: ReadOptions = {}): Promise<string> {
  const error = await read(path, options).catch((thrown: unknown) => thrown);
  if (!(error instanceof UsageError))
    throw new Error(`expected a UsageError, got ${String(error)}`);
  expect(error.lines).toHaveLength(1);
  return String(error.lines[0]).replace(path, 'FILE');
}
