import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import { readRecording } from '../../../../cli/src/recording/read';
import { createFolder, HEADER, line, recordingText, trailer } from './recording-file';

const folder = createFolder();
afterAll(folder.remove);

const path = join(__dirname, '../../../../docs/reference/recording.schema.json');
const validate = new Ajv({ allowUnionTypes: true, strictRequired: false }).compile(
  JSON.parse(readFileSync(path, 'utf8')),
);

async function readerAccepts(text: string): Promise<boolean> {
  const file = folder.write('one.ndjson', text);
  return readRecording(file, {}, () => {}).then(
    () => true,
    () => false,
  );
}

describe('recording.schema.json agrees with the reader', () => {
  it.each([
    ['a record', line(), true],
    ['a record with d', line({ j: undefined, d: '' }), true],
    ['an explicit hash key', line({ e: '5' }), true],
    ['a note', line({ _n: 1 }), true],
    ['an unknown field', line({ n: 1 }), true],
    ['j and d', line({ d: '' }), false],
    ['neither', line({ j: undefined }), false],
    ['no shard', line({ s: undefined }), false],
    ['an empty shard', line({ s: '' }), false],
    ['a sequence as a number', line({ q: 1 }), false],
    ['a sequence of 130 digits', line({ q: '1'.repeat(130) }), false],
    ['an empty partition key', line({ p: '' }), false],
    ['a partition key of 256 characters beyond the BMP', line({ p: '😀'.repeat(256) }), true],
    ['a partition key of 257 characters', line({ p: '😀'.repeat(257) }), false],
    ['no arrival', line({ a: undefined }), false],
    ['an arrival below zero', line({ a: -5 }), false],
    ['j as a list', line({ j: [1] }), false],
    ['an unknown kind', line({ kind: 'other' }), false],
  ])('%s: %p', async (_name, text, expected) => {
    expect(validate(JSON.parse(text))).toBe(expected);
    expect(await readerAccepts(recordingText([text]))).toBe(expected);
  });

  it.each([
    ['the shortest header', {}, true],
    ['a shard with only an id', { shards: [{ id: 'a' }] }, true],
    [
      'nulls',
      { stream: null, shards: [{ id: 'a', parent: null, adjacent: null, hash: null }] },
      true,
    ],
    ['a number as the stream', { stream: 5 }, false],
    ['no shards at all', { shards: [] }, false],
    ['an empty parent', { shards: [{ id: 'a', parent: '' }] }, false],
    ['half a hash range', { shards: [{ id: 'a', hash: ['1'] }] }, false],
    ['another version', { v: 2 }, false],
  ])('header with %s: %p', async (_name, fields, expected) => {
    const header = JSON.stringify({ kind: 'header', v: 1, ...fields });

    expect(validate(JSON.parse(header))).toBe(expected);
    expect(await readerAccepts(recordingText([], header))).toBe(expected);
  });

  it.each([
    ['a trailer', JSON.parse(trailer(`${HEADER}\n`, 0)), true],
    ['a trailer without count', { kind: 'end', sha256: '0'.repeat(64) }, false],
    ['a trailer with a short sum', { kind: 'end', records: 0, sha256: '00' }, false],
  ])('%s: %p', async (_name, document, expected) => {
    expect(validate(document)).toBe(expected);
    expect(await readerAccepts(`${HEADER}\n${JSON.stringify(document)}\n`)).toBe(expected);
  });
});
