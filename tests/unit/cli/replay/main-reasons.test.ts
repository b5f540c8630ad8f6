import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../../../cli/src/main';
import { mainReasons, reasonLines, refusedVerdict } from '../../../../cli/src/replay/main-reasons';
import { captureOutput } from '../capture-output';
import { createFolder, line, recordingText } from '../recording/recording-file';

jest.setTimeout(60_000);

const folder = createFolder();
afterAll(folder.remove);

const refused = (reason: string, metric: string | null, detail: string, count?: number) => ({
  ...{ reason, metric, detail },
  ...(count !== undefined && { count }),
});

describe('main reasons', () => {
  it('counts by reason and metric, the most frequent first, with the first detail', () => {
    const reasons = mainReasons([
      refused('value', 'a', 'v: missing'),
      refused('json', null, 'not JSON'),
      refused('value', 'b', 'v: missing', 5),
      refused('value', 'a', 'v: "x"'),
    ]);

    expect(reasons).toEqual([
      { reason: 'value', metric: 'b', detail: 'v: missing', count: 5 },
      { reason: 'value', metric: 'a', detail: 'v: missing', count: 2 },
      { reason: 'json', metric: null, detail: 'not JSON', count: 1 },
    ]);
  });

  it('names three, sums up the others, and says what to change about late ones', () => {
    const names = ['a', 'b', 'c', 'd'];
    const values = names.map((name, at) => refused('value', name, 'v: missing', 10 - at));

    expect(reasonLines(mainReasons([...values, refused('late', 'a', '', 1_000)]))).toEqual([
      '1,000 late for a: their windows were over; a larger "allowedLateness" or "outOfOrderness" counts them',
      '10 invalid: value of a: v: missing',
      '9 invalid: value of b: v: missing',
      '15 for other reasons',
    ]);
    expect(reasonLines([])).toEqual([]);
  });
});

describe('the verdict on a run', () => {
  const counts = { records: 100, duplicate: 0, redelivered: 0, revised: 0, dedupeOverflow: 0 };

  it.each([
    ['all applied', [100, 100, 0, 0, 0], null],
    ['a few refused', [100, 60, 20, 20, 0], null],
    ['all that matched refused', [100, 0, 0, 30, 70], 'every measurement was invalid'],
    ['unmatched alone', [100, 0, 0, 0, 100], null],
    ['nearly all late', [100, 1, 99, 0, 0], '99 of 100 measurements were late'],
    ['half and half', [100, 50, 20, 30, 0], '50 of 100 measurements were invalid or late'],
    ['nothing came', [0, 0, 0, 0, 0], null],
  ] as const)('%s', (_name, [all, applied, late, invalid, unmatched], expected) => {
    const verdict = refusedVerdict({ ...counts, in: all, applied, late, invalid, unmatched });

    if (expected === null) expect(verdict).toBeNull();
    else expect(verdict).toBe(`${expected}: the results show little or nothing of the data`);
  });
});

describe('a run in which every record is refused', () => {
  const window = { type: 'tumbling', size: '1m' };
  const metrics = { m: { series: ['h'], value: 'v', window, aggregates: ['count'] } };
  const pipeline = folder.write('pipeline.json', JSON.stringify({ version: 1, metrics }));
  const records = Array.from({ length: 20 }, (_, at) =>
    line({ q: String(at + 1), j: { h: 'a', v: `${at}` } }),
  );
  const recording = folder.write('r.ndjson', recordingText(records));
  const args = [recording, '--pipeline', pipeline];
  let output: ReturnType<typeof captureOutput>;

  beforeEach(() => {
    output = captureOutput();
  });
  afterEach(() => output.restore());

  it.each(['replay', 'start'])('%s says so, and why', async (command) => {
    const out = folder.path(command);

    expect(await run([command, ...args, '--out', out])).toBe(0);

    const said = output.printed.stdout + output.printed.stderr;
    expect(said).toMatch(/20 invalid: value of m: v: /);
    expect(said).toContain('every measurement was invalid: the results show little or nothing');
  });

  it('its report does not look fine', async () => {
    expect(await run(['report', '--in', folder.path('start')])).toBe(0);

    const page = readFileSync(join(folder.path('start'), 'report.html'), 'utf8');
    expect(page).toContain('<div class="verdict bad"><b>✕ Refused</b>');
    expect(page).toContain('20 invalid: value of m: v: ');
    expect(page).not.toContain('Adds up');
  });

  it('replay --json has the reasons', async () => {
    expect(await run(['replay', ...args, '--json'])).toBe(0);

    expect(JSON.parse(output.printed.stdout).refused).toMatchObject([
      { reason: 'value', metric: 'm', count: 20 },
    ]);
  });
});
