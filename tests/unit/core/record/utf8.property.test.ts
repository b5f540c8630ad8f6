import { hasLoneSurrogate, utf8Bytes } from '@millrace/core/record/utf8';
import fc from 'fast-check';

const anyText = fc.string({
  unit: fc.oneof(
    fc.string({ unit: 'binary', maxLength: 1 }),
    fc.constantFrom('\ud83d', '\ude00', 'é', '€'),
  ),
});

test('counts the bytes that an encoder writes', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(utf8Bytes(text)).toBe(new TextEncoder().encode(text).length);
    }),
  );
});

test('a text without lone surrogates survives UTF-8, another does not', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const survives =
        new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(text)) ===
        text;
      expect(hasLoneSurrogate(text)).toBe(!survives);
    }),
  );
});
