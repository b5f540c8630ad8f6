import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../../cli/src/main';
import { captureOutput } from './capture-output';
import { createFolder, line, recordingText } from './recording/recording-file';

const PRECIOUS = 'precious contents';
jest.setTimeout(120_000);

const folder = createFolder();
const victim = folder.path('victim.txt');
let output: ReturnType<typeof captureOutput>;
let number = 0;

/** Arguments in which DIR is a fresh folder, and what to make of it before the command runs. */
type Case = [name: string, link: string, args: string[]];

beforeAll(async () => {
  const window = { type: 'tumbling', size: '1m' };
  const metrics = { m: { series: ['h'], value: 'v', window, aggregates: ['count'] } };
  folder.write('pipeline.json', JSON.stringify({ version: 1, metrics }));
  const records = [line({ q: '1', j: { h: 'a', v: 1 } }), line({ q: '2', j: { h: 'a', v: 'x' } })];
  folder.write('r.ndjson', recordingText(records));
  const muted = captureOutput();
  expect(await run(replay('--store', folder.path('store')))).toBe(0);
  muted.restore();
});

beforeEach(() => {
  output = captureOutput();
  writeFileSync(victim, PRECIOUS);
});

afterEach(() => output.restore());
afterAll(folder.remove);

function replay(...more: string[]): string[] {
  return ['replay', folder.path('r.ndjson'), '--pipeline', folder.path('pipeline.json'), ...more];
}

/** A folder with the results of a replay, in which one name is a link to the victim. */
async function folderWithLink(link: string): Promise<string> {
  const path = folder.path(`folder-${++number}`);
  if (link.endsWith('.html') || link.endsWith('rows.ndjson')) {
    expect(await run(replay('--out', path))).toBe(0);
  }
  mkdirSync(path, { recursive: true });
  const at = join(path, link);
  mkdirSync(join(at, '..'), { recursive: true });
  rmSync(at, { force: true });
  symlinkSync(victim, at);
  return path;
}

const REDRIVE = ['redrive', '--local', 'STORE', '--pipeline', 'PIPELINE', '--all', '--out'];

describe('a link in the place of a file to write is refused, and what it names is left alone', () => {
  it.each<Case>([
    ['report', 'report.html', ['report', '--in', 'DIR']],
    ['report --out', 'page.html', ['report', '--in', 'DIR', '--out', 'DIR/page.html']],
    ['report of a linked result', 'rows.ndjson', ['report', '--in', 'DIR']],
    ['replay --out', 'rows.ndjson', replay('--out', 'DIR')],
    ['start --out', 'report.html', ['start', ...replay().slice(1), '--out', 'DIR']],
    ['replay --store, the note', 'store.json', replay('--store', 'DIR', '--replace')],
    ['redrive', 'r.ndjson', [...REDRIVE, 'DIR/r.ndjson']],
    ['redrive, unfinished', 'r.ndjson.part', [...REDRIVE, 'DIR/r.ndjson']],
    ['produce', 'p.ndjson', ['produce', '--out', 'DIR/p.ndjson']],
    ['produce, unfinished', 'p.ndjson.part', ['produce', '--out', 'DIR/p.ndjson']],
    ['produce, the truth', 'p.ndjson.truth.json', ['produce', '--out', 'DIR/p.ndjson']],
    ['produce, the pipeline', 'p.ndjson.pipeline.json', ['produce', '--out', 'DIR/p.ndjson']],
    ['a store to read', 'tables/lock.mdb', ['quarantine', 'list', '--local', 'DIR']],
    ['a store to query', 'store.json', ['query', '--local', 'DIR']],
  ])('%s', async (_name, link, args) => {
    const path = await folderWithLink(link);
    const words: Record<string, string> = {
      STORE: folder.path('store'),
      PIPELINE: folder.path('pipeline.json'),
    };
    const asked = args.map((arg) => words[arg] ?? arg.replace(/^DIR/, path));
    output.printed.stderr = '';

    expect(await run(asked)).toBe(2);

    expect(output.errorLines()).toHaveLength(1);
    expect(output.printed.stderr).toMatch(/symbolic link|expected a new file/);
    expect(readFileSync(victim, 'utf8')).toBe(PRECIOUS);
  });

  it('also where it names nothing', async () => {
    const path = folder.path('dangling.ndjson');
    symlinkSync(folder.path('nothing'), path);

    expect(await run(['produce', '--out', path])).toBe(2);
    expect(() => readFileSync(folder.path('nothing'))).toThrow('ENOENT');
  });
});

describe('what is no link', () => {
  it('is replaced: an earlier report, and what a run left unfinished', async () => {
    const path = folder.path('plain');
    expect(await run(replay('--out', path))).toBe(0);
    writeFileSync(join(path, 'report.html'), 'old');
    expect(await run(['report', '--in', path])).toBe(0);
    expect(readFileSync(join(path, 'report.html'), 'utf8')).toContain('<!doctype html>');

    const recording = folder.path('left.ndjson');
    writeFileSync(`${recording}.part`, 'half');
    expect(
      await run([
        'produce',
        '--duration',
        '1m',
        '--rate',
        '1/s',
        '--anomalies',
        '0',
        '--late',
        '0',
        '--duplicates',
        '0',
        '--poison',
        '0',
        '--out',
        recording,
      ]),
    ).toBe(0);
    expect(readFileSync(recording, 'utf8')).toMatch(/^{"kind":"header"/);
  });

  it('may be the folder itself, which the user named', async () => {
    mkdirSync(folder.path('real'));
    symlinkSync(folder.path('real'), folder.path('linked'));

    expect(await run(replay('--out', folder.path('linked')))).toBe(0);
    expect(readFileSync(folder.path('real/accounting.json'), 'utf8')).toContain('"in":2');
  });
});
