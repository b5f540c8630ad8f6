import { readFileSync } from 'node:fs';
import { run } from '../../../cli/src/main';
import { captureOutput } from './capture-output';
import { createFolder, recordingText } from './recording/recording-file';

const START_MS = Date.UTC(2026, 0, 5);
/** What a terminal obeys, or shows as nothing, and no command may print; line feeds are ours. */
const OBEYED = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const EVIL = [
  '\u001b]0;owned\u0007',
  '\u001b[2J\u001b[Hall good',
  '\u009b31mred',
  'rtl\u202egnp.exe\u2066',
  'one\ntwo\rthree\u2028four',
  'wid\u200bth\ufeff',
];

const folder = createFolder();
const [store, out] = [folder.path('store'), folder.path(`out ${EVIL[1]}`)];
const pipeline = folder.path(`p ${EVIL[0]}.json`);
const recording = folder.path('hostile.ndjson');
let output: ReturnType<typeof captureOutput>;

function line(at: number, fields: object): string {
  const shard = EVIL[at % EVIL.length];
  const a = (START_MS + at * 1000) / 1000;
  return JSON.stringify({ s: shard, q: String(1000 + at), p: EVIL[0], a, ...fields });
}

/** Every evil text as shard, key, series, value of an aggregate, refused value and broken bytes. */
function hostileRecording(): string {
  const lines = EVIL.flatMap((evil, at) => {
    const ts = START_MS + at * 1000;
    return [
      line(6 * at, { p: evil, j: { host: evil, ts, v: 1 } }),
      line(6 * at + 1, { p: evil, j: { host: evil, ts, v: evil } }),
      line(6 * at + 2, { p: evil, d: Buffer.from(`${evil} is no JSON`).toString('base64') }),
      line(6 * at + 3, { p: evil, j: { host: evil, ts: evil, v: 2 } }),
      line(6 * at + 4, { p: evil, j: { host: evil, ts, v: 3 }, [evil]: 'unknown field' }),
    ];
  });
  return recordingText(lines, JSON.stringify({ kind: 'header', v: 1, origin: EVIL[1] }));
}

beforeAll(async () => {
  folder.write('hostile.ndjson', hostileRecording());
  const metric = {
    ...{ series: ['host'], time: 'ts', value: 'v', window: { type: 'tumbling', size: '1m' } },
    aggregates: ['count', 'mean', { op: 'last', path: 'host', as: `last ${EVIL[0]}` }],
    detect: { on: 'mean' },
  };
  folder.write(
    `p ${EVIL[0]}.json`,
    JSON.stringify({ version: 1, metrics: { [`m ${EVIL[2]}`]: metric } }),
  );
  const muted = captureOutput();
  const args = ['replay', recording, '--pipeline', pipeline, '--store', store, '--out', out];
  expect(await run(args)).toBe(0);
  muted.restore();
});

beforeEach(() => {
  output = captureOutput();
});

afterEach(() => output.restore());
afterAll(folder.remove);

function expectHarmless(): void {
  for (const text of Object.values(output.printed)) {
    expect(text.split('\n').filter((each) => OBEYED.test(each))).toEqual([]);
  }
}

describe('nothing that a terminal obeys leaves', () => {
  it.each<[string, number, string[]]>([
    ['replay', 0, ['replay', recording, '--pipeline', pipeline]],
    ['replay --json', 0, ['replay', recording, '--pipeline', pipeline, '--json']],
    ['start', 0, ['start', recording, '--pipeline', pipeline, '--out', folder.path('started')]],
    ['check', 0, ['check', pipeline]],
    ['check --json', 0, ['check', pipeline, '--json']],
    ['query', 0, ['query', '--local', store]],
    ['query --json', 0, ['query', '--local', store, '--json']],
    [
      'query --incidents',
      0,
      ['query', '--local', store, '--incidents', '--metric', EVIL[0] as string],
    ],
    ['query of no such metric', 1, ['query', '--local', store, '--metric', EVIL[0] as string]],
    ['quarantine list', 0, ['quarantine', 'list', '--local', store]],
    ['quarantine list --json', 0, ['quarantine', 'list', '--local', store, '--json']],
    ['redrive', 0, ['redrive', '--local', store, '--dry-run', '--pipeline', pipeline]],
    [
      'redrive --json',
      0,
      ['redrive', '--local', store, '--dry-run', '--pipeline', pipeline, '--json'],
    ],
    ['report', 0, ['report', '--in', out]],
    ['a missing file', 2, ['replay', `${EVIL[1]}.ndjson`]],
    ['an unknown command', 2, [EVIL[0] as string]],
    ['an unknown option', 2, ['replay', `--${EVIL[2]}`]],
  ])('%s', async (_name, code, args) => {
    expect(await run(args)).toBe(code);

    expectHarmless();
    expect(output.printed.stdout + output.printed.stderr).toContain('\\u00');
  });

  it('quarantine show of any entry', async () => {
    await run(['quarantine', 'list', '--local', store, '--json']);
    const { entries } = JSON.parse(output.printed.stdout) as { entries: { id: string }[] };
    expect(entries.length).toBeGreaterThanOrEqual(EVIL.length);
    for (const { id } of entries) {
      expect(await run(['quarantine', 'show', id, '--local', store])).toBe(0);
    }

    expectHarmless();
  });

  it('a recording that is refused at a shard with an evil name', async () => {
    const lines = [line(0, { q: '2', j: {} }), line(0, { q: '1', j: {} })];
    const path = folder.write('disorder.ndjson', recordingText(lines));

    expect(await run(['replay', path, '--pipeline', pipeline])).toBe(2);

    expectHarmless();
    expect(output.errorLines()).toHaveLength(1);
  });

  it('a pipeline that is refused', async () => {
    const evil = Object.fromEntries(EVIL.map((name) => [name, { window: name, [name]: name }]));
    const path = folder.write('bad.json', JSON.stringify({ version: 1, metrics: evil }));

    expect(await run(['check', path])).toBe(2);

    expectHarmless();
  });
});

describe('the exact text', () => {
  it('is in the JSON on stdout', async () => {
    expect(await run(['quarantine', 'list', '--local', store, '--json'])).toBe(0);

    const { entries } = JSON.parse(output.printed.stdout);
    const keys = new Set(entries.map((entry: { partitionKey: string }) => entry.partitionKey));
    expect([...keys].sort()).toEqual([...EVIL].sort());
  });

  it('is what quarantine show --raw prints', async () => {
    await run(['quarantine', 'list', '--local', store, '--json', '--reason', 'json']);
    const [first] = JSON.parse(output.printed.stdout).entries as { id: string }[];
    output.printed.stdout = '';

    expect(await run(['quarantine', 'show', first?.id ?? '', '--local', store, '--raw'])).toBe(0);

    expect(output.printed.stdout).toMatch(OBEYED);
    expect(output.printed.stdout).toMatch(/ is no JSON$/);
  });
});

test('the report shows names isolated, and with escapes for what turns their direction', async () => {
  const page = folder.path('page.html');
  expect(await run(['report', '--in', out, '--out', page])).toBe(0);

  const text = readFileSync(page, 'utf8');
  expect(text).toContain('<bdi>rtl\\u202egnp.exe\\u2066</bdi>');
  expect(text.split('\n').filter((each) => OBEYED.test(each))).toEqual([]);
});
