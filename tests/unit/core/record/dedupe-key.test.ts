import { createHash } from 'node:crypto';
import { DEDUPE_KEY_BYTES_MAX, eventIdKey } from '@millrace/core/record/dedupe-key';
import { sha256OfUnits } from '@millrace/core/record/sha256';
import fc from 'fast-check';

describe('eventIdKey', () => {
  test.each([
    ['1', 's1'],
    [1, 'n1'],
    [true, 'btrue'],
    ['true', 'strue'],
    ['', 's'],
    [0, 'n0'],
    ['0e8f6f9c-4f6e-4b0e-9d57-3b8f5a3c2d1e', 's0e8f6f9c-4f6e-4b0e-9d57-3b8f5a3c2d1e'],
  ])('%p is %s', (id, key) => {
    expect(eventIdKey({ id }, ['id'])).toBe(key);
  });

  test.each([null, undefined, {}, [], ['1'], { id: 1 }])('%p is no key', (id) => {
    expect(eventIdKey({ id }, ['id'])).toBeNull();
  });

  test.each([['x'.repeat(41)], ['é'], ['"'], ['\\'], ['\n'], ['\ud800'], ['x'.repeat(100_000)]])(
    'an id that is long or no plain ASCII is kept as a hash',
    (id) => {
      expect(eventIdKey({ id }, ['id'])).toMatch(/^h[\da-f]{32}$/);
    },
  );

  test('different ids have different keys, all short and plain', () => {
    const id = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', 'é', '\ud800', '\ud801', 's', 'h'), maxLength: 60 }),
      fc.double({ noNaN: true }),
      fc.boolean(),
    );
    fc.assert(
      fc.property(id, id, (a, b) => {
        const keyA = eventIdKey({ id: a }, ['id']) as string;
        const keyB = eventIdKey({ id: b }, ['id']) as string;
        expect(keyA === keyB).toBe(a === b);
        expect(JSON.stringify(keyA).length - 2).toBeLessThanOrEqual(DEDUPE_KEY_BYTES_MAX);
      }),
    );
  });
});

describe('sha256OfUnits', () => {
  function reference(text: string): string {
    return createHash('sha256').update(Buffer.from(text, 'utf16le').swap16()).digest('hex');
  }

  test.each([0, 1, 27, 28, 29, 31, 32, 33, 59, 60, 61, 64, 1_000])(
    'agrees with the platform on %d units',
    (length) => {
      const text = Array.from({ length }, (_, at) =>
        String.fromCharCode((at * 2_654_435) % 65_536),
      ).join('');
      expect(sha256OfUnits(text)).toBe(reference(text));
    },
  );

  test('agrees with the platform on any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
        expect(sha256OfUnits(text)).toBe(reference(text));
      }),
    );
  });
});
