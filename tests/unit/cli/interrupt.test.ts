import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createFolder, line, recordingText } from './recording/recording-file';

const BIN = join(__dirname, '../../../cli/bin/millrace.mjs');
/** stderr is a pipe here, drawn on as if it were a terminal. */
const AS_TERMINAL = '--import=data:text/javascript,process.stderr.isTTY=true';
const START_S = Date.UTC(2026, 0, 5) / 1000;
const [HIDE_CURSOR, SHOW_CURSOR] = ['\u001b[?25l', '\u001b[?25h'];
const [WRAP_OFF, WRAP_ON] = ['\u001b[?7l', '\u001b[?7h'];

jest.setTimeout(120_000);

const folder = createFolder();
const [store, out] = [folder.path('store'), folder.path('out')];

function millrace(...args: string[]) {
  return spawnSync(BIN, args, { cwd: folder.path(''), encoding: 'utf8', timeout: 60_000 });
}

/** Starts a command that would take an hour, and ends it by a signal once it draws. */
async function interrupt(args: readonly string[], signal: 'SIGINT' | 'SIGTERM') {
  const child = spawn(process.execPath, [AS_TERMINAL, BIN, ...args], { cwd: folder.path('') });
  let drawn = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (!drawn.includes('replaying') && text.includes('replaying')) {
      setTimeout(() => child.kill(signal), 200);
    }
    drawn += text;
  });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  return { code, drawn };
}

beforeAll(() => {
  const window = { type: 'tumbling', size: '1m' };
  const metrics = { m: { series: ['h'], window, aggregates: ['count'] } };
  folder.write('pipeline.json', JSON.stringify({ version: 1, metrics }));
  const records = (name: string) =>
    [0, 3_600].map((s) => line({ q: String(1 + s), a: START_S + s, j: { h: name } }));
  folder.write('first.ndjson', recordingText(records('first')));
  folder.write('second.ndjson', recordingText(records('second')));
});

afterAll(folder.remove);

describe('Ctrl-C in the middle of a replay', () => {
  const second = ['replay', 'second.ndjson', '--store', 'store', '--out', 'out', '--replace'];

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s: exit code %i, and the terminal as it was', async (signal, expected) => {
    expect(millrace('replay', 'first.ndjson', ...second.slice(2)).status).toBe(0);

    const { code, drawn } = await interrupt([...second, '--speed', '1'], signal);

    expect(code).toBe(expected);
    expect(drawn).toContain(HIDE_CURSOR);
    expect(drawn.lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(drawn.lastIndexOf(HIDE_CURSOR));
    expect(drawn.lastIndexOf(WRAP_ON)).toBeGreaterThan(drawn.lastIndexOf(WRAP_OFF));
    expect(drawn.slice(drawn.lastIndexOf('replaying'))).toMatch(/\[0?[JK]/);
  });

  it('leaves store and results of the last run that finished; the next run removes the rest', () => {
    const { stdout } = millrace('query', '--local', 'store', '--json');
    expect(JSON.parse(stdout)).toMatchObject([{ series: 'first' }, { series: 'first' }]);
    expect(readFileSync(join(out, 'rows.ndjson'), 'utf8')).toContain('"first"');
    expect(readdirSync(store).filter((name) => name.startsWith('run-')).length).toBe(2);

    expect(millrace(...second).status).toBe(0);

    expect(readdirSync(store).filter((name) => name.startsWith('run-')).length).toBe(1);
    expect(millrace('query', '--local', 'store').stdout).toContain('m of second');
    expect(readFileSync(join(out, 'rows.ndjson'), 'utf8')).toContain('"second"');
    expect(readdirSync(folder.path('')).filter((name) => name.includes('.part'))).toEqual([]);
  });

  it('of the first run leaves nothing that query takes for results', async () => {
    const args = ['replay', 'first.ndjson', '--store', 'new', '--out', 'new-out', '--speed', '1'];
    await interrupt(args, 'SIGINT');

    expect(millrace('query', '--local', 'new').status).toBe(2);
    expect(millrace('quarantine', 'list', '--local', 'new').status).toBe(0);
    expect(existsSync(folder.path('new-out'))).toBe(false);
  });
});
