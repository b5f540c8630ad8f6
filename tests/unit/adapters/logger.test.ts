import { spawnSync } from 'node:child_process';
import { consoleLog, silentLog } from '@millrace/adapters/console-log';
import type { LogLevel } from '@millrace/adapters/log-level';

function linesAt(level: LogLevel | undefined): string[] {
  const lines: string[] = [];
  const log = consoleLog({ ...(level && { level }), write: (line) => lines.push(line) });
  log.info('one', { n: 1 });
  log.warn('two');
  log.error('three', { error: new RangeError('bad'), big: 10n });
  return lines;
}

const info = 'INFO one {"n":1}\n';
const warn = 'WARN two\n';
const error = 'ERROR three {"error":"RangeError: bad","big":"10"}\n';

test.each<[LogLevel | undefined, string[]]>([
  [undefined, [info, warn, error]],
  ['DEBUG', [info, warn, error]],
  ['WARN', [warn, error]],
  ['ERROR', [error]],
  ['SILENT', []],
])('a console log at level %s writes what is at or above it', (level, expected) => {
  expect(linesAt(level)).toEqual(expected);
});

test('a silent log writes nothing', () => {
  const write = jest.spyOn(process.stderr, 'write');
  silentLog.error('nothing', {});
  expect(write).not.toHaveBeenCalled();
  write.mockRestore();
});

test('the log of a function writes JSON lines with service, level, message and fields', () => {
  // In a process of its own, since the logger writes past the consoles that tests can see.
  const program = `
    import { createLog } from '@millrace/adapters/logger';
    const log = createLog({ service: 'stream-consumer', level: 'WARN' });
    log.info('unseen');
    log.warn('batch done', { records: 3 });
    log.error('failed', { error: new Error('why') });
  `;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', program];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const lines = `${stdout}${stderr}`
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toEqual([
    expect.objectContaining({
      level: 'WARN',
      service: 'stream-consumer',
      message: 'batch done',
      records: 3,
    }),
    expect.objectContaining({
      level: 'ERROR',
      message: 'failed',
      error: expect.objectContaining({ name: 'Error', message: 'why' }),
    }),
  ]);
});
