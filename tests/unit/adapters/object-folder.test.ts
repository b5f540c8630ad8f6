import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createObjectFolder } from '@millrace/adapters/embedded/object-folder';
import { UnavailableError } from '@millrace/core/error';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-objects.'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const text = (value: string) => new TextEncoder().encode(value);

test.each([
  ['part-00000'],
  ['_SUCCESS'],
  ['2026/11/24/quarantine.shardId-000000000000.49590.json'],
  ['Zürich/a b (1).csv'],
])('an ordinary key is the path people expect: %s', async (key) => {
  await createObjectFolder({ folder }).create(key, text('v'));
  expect(readFileSync(join(folder, key), 'utf8')).toBe('v');
});

test('files that people put there are objects', async () => {
  mkdirSync(join(folder, 'in'));
  writeFileSync(join(folder, 'in', 'Data é.csv'), 'a,b');
  const store = createObjectFolder({ folder });
  expect((await store.list({ prefix: '' })).keys).toEqual(['in/Data é.csv']);
  expect(await store.get('in/Data é.csv')).toEqual({ bytes: text('a,b'), metadata: {} });
  expect(await store.create('in/Data é.csv', text('x'))).toBe('exists');
});

test('a second store over the same folder sees and respects the objects of the first', async () => {
  await createObjectFolder({ folder }).create('a/b', text('1'), { by: 'first' });
  const second = createObjectFolder({ folder });
  expect(await second.create('a/b', text('2'))).toBe('exists');
  expect(await second.get('a/b')).toEqual({ bytes: text('1'), metadata: { by: 'first' } });
});

test('what a killed process left unfinished is no object', async () => {
  const store = createObjectFolder({ folder });
  await store.create('a', text('1'));
  // Metadata comes before its object, bytes go to the folder for unfinished files first.
  writeFileSync(join(folder, 'b%m'), '{"by":"killed"}');
  writeFileSync(join(folder, '%t', '%t1-0'), 'half');
  expect((await store.list({ prefix: '' })).keys).toEqual(['a']);
  expect(await store.get('b')).toBeUndefined();
  expect(await store.create('b', text('2'), { by: 'second' })).toBe('created');
  expect(await store.get('b')).toEqual({ bytes: text('2'), metadata: { by: 'second' } });
});

test('a create leaves no unfinished files, whether it won or not', async () => {
  const store = createObjectFolder({ folder });
  await store.create('a', text('1'));
  await store.create('a', text('2'));
  expect(readdirSync(join(folder, '%t'))).toEqual([]);
});

test('nothing outside the folder is reached', async () => {
  const inner = join(folder, 'inner');
  writeFileSync(join(folder, 'secret'), 'secret');
  const store = createObjectFolder({ folder: inner });
  expect(await store.get('../secret')).toBeUndefined();
  await store.create('../secret', text('mine'));
  await store.create('/secret', text('mine'));
  expect(readFileSync(join(folder, 'secret'), 'utf8')).toBe('secret');
  expect(readdirSync(folder).sort()).toEqual(['inner', 'secret']);
});

test('a folder that is a file is unavailable', async () => {
  const path = join(folder, 'file');
  writeFileSync(path, '');
  const store = createObjectFolder({ folder: path });
  await expect(store.create('a', text('1'))).rejects.toThrow(UnavailableError);
});
