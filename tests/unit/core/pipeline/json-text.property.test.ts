import { scanJson } from '@millrace/core/pipeline/json-text';
import fc from 'fast-check';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A valid JSON text in which a few characters were removed, replaced or inserted. */
const nearlyJson = fc
  .tuple(
    fc.json({ maxDepth: 4 }),
    fc.array(
      fc.record({
        at: fc.nat(),
        remove: fc.nat({ max: 2 }),
        insert: fc.constantFrom(
          '',
          '"',
          '{',
          '}',
          '[',
          ']',
          ',',
          ':',
          '\\',
          'e',
          '-',
          '0',
          '.',
          '\n',
          '\u0085',
          '\u007f',
          'null',
        ),
      }),
      { maxLength: 2 },
    ),
  )
  .map(([json, edits]) => {
    let text = json;
    for (const { at, remove, insert } of edits) {
      const from = at % (text.length + 1);
      text = text.slice(0, from) + insert + text.slice(from + remove);
    }
    return text;
  });

test('a text has a mistake exactly when JSON.parse refuses it', () => {
  let refused = 0;
  fc.assert(
    fc.property(nearlyJson, (text) => {
      const { mistake } = scanJson(text);
      if (mistake !== null) refused++;
      expect(mistake === null).toBe(isJson(text));
    }),
    { numRuns: 2_000 },
  );
  expect(refused).toBeGreaterThan(100);
});
