import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { UsageError } from '../../../../cli/src/exit';
import {
  checkOutputFolder,
  jsonLines,
  OUTPUT_FILES,
  writeOutputFolder,
} from '../../../../cli/src/replay/result/output-folder';
import { createFolder } from '../recording/recording-file';

const folder = createFolder();
afterAll(folder.remove);

function filesWith(text: string) {
  const entries = OUTPUT_FILES.map((name) => [name, [`${name} ${text}\n`]]);
  return Object.fromEntries(entries) as Record<(typeof OUTPUT_FILES)[number], string[]>;
}

describe('writeOutputFolder', () => {
  it('makes the folder and those above it', async () => {
    const path = folder.path('deep/er/out');

    await writeOutputFolder(path, filesWith('one'));

    expect(readdirSync(path).sort()).toEqual([...OUTPUT_FILES].sort());
    expect(readFileSync(`${path}/rows.ndjson`, 'utf8')).toBe('rows.ndjson one\n');
    expect(readdirSync(folder.path('deep/er'))).toEqual(['out']);
  });

  it('replaces the files of an earlier replay', async () => {
    const path = folder.path('again');
    await writeOutputFolder(path, filesWith('one'));
    const before = statSync(path).ino;

    await writeOutputFolder(path, filesWith('two'));

    expect(readFileSync(`${path}/accounting.json`, 'utf8')).toBe('accounting.json two\n');
    expect(statSync(path).ino).toBe(before);
  });

  it('writes into an empty folder', async () => {
    mkdirSync(folder.path('empty'));

    await writeOutputFolder(folder.path('empty'), filesWith('one'));

    expect(readdirSync(folder.path('empty'))).toHaveLength(OUTPUT_FILES.length);
  });

  it('leaves nothing behind when a file cannot be made', async () => {
    const broken = {
      ...filesWith('one'),
      'quarantine.ndjson': (function* () {
        yield 'half a line';
        throw new Error('a reader failed');
      })(),
    };

    await expect(writeOutputFolder(folder.path('half'), broken)).rejects.toThrow('a reader failed');

    expect(readdirSync(folder.path('')).filter((name) => name.startsWith('half'))).toEqual([]);
  });
});

describe('checkOutputFolder', () => {
  it.each([
    ['a file', 'file', () => folder.write('file', ''), 'expected a folder, got the file'],
    [
      'a folder with something else in it',
      'other',
      () => {
        mkdirSync(folder.path('other'));
        folder.write('other/notes.txt', 'mine');
      },
      'with "notes.txt" in it',
    ],
  ])('refuses %s', async (_name, name, prepare, expected) => {
    prepare();

    const error = await checkOutputFolder(folder.path(name)).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(UsageError);
    expect(String(error)).toContain(expected);
  });
});

describe('jsonLines', () => {
  it('gives one line for each document, whatever their number', () => {
    const documents = Array.from({ length: 10_000 }, (_, index) => ({
      index,
      text: 'x'.repeat(20),
    }));

    const lines = [...jsonLines(documents)].join('').trimEnd().split('\n');

    expect(lines.map((text) => JSON.parse(text))).toEqual(documents);
  });
});
