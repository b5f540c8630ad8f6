import { createHash } from 'node:crypto';
import { CHUNK_BYTES_MAX, INLINE_BYTES_MAX } from '@millrace/core/quarantine/bytes';
import type { Choices } from './random';

type Poison = { bytes: Buffer; notBase64?: true };

const TEXTS = [
  ...['', ' ', '[]', '[{"type":"a"}]', 'null', '1', '"text"', 'true', '{', '{"a":1}x', "{'a':1}"],
  ...['{}', '{"type":"a"}', '{"__proto__":{"type":"a"},"host":1}', 'NaN', '\ufeff{"type":"a"}'],
];

/** Fields that make a good record invalid for the metrics that use them. */
const FIELDS: readonly Record<string, unknown>[] = [
  { host: null },
  { host: { name: 'h' } },
  { region: [] },
  { ts: null },
  { ts: '2026-02-30T00:00:00Z' },
  { ts: '2026-01-01 00:00:00Z' },
  { ts: '1767225600000' },
  { time: { s: 'x', us: true, iso: '2026-01-01T24:00:00Z' } },
  { time: { iso: '2026-01-01T00:00:00+24:00' } },
  { time: [] },
  { v: null, deep: [] },
  { v: '1e5', deep: [{ v: ' 1' }] },
  { v: '0x10', deep: [{ v: '01' }] },
  { v: 'NaN', deep: { 0: { v: '-0.5E+2' } } },
  { v: { value: 1 }, deep: 'text' },
];

/** Spaces behind a record change nothing of it but where its bytes are kept. */
const LARGE_BYTES = INLINE_BYTES_MAX + 100;
const HUGE_BYTES = CHUNK_BYTES_MAX + 100;

/**
 * A record nobody can apply, or not for every metric: made of `good`, an object's bytes, or of nothing.
 * About a quarter are too large for an entry of the quarantine, a few for one item of its table.
 */
export function poison(choices: Choices, good: Buffer): Poison {
  const bad = unreadable(choices, good);
  // By the bytes, not by chance: what the rest of a seed is made of stays as it is.
  const size = createHash('sha256').update(bad.bytes).digest().readUInt16BE() % 40;
  if (bad.notBase64 || size >= 10) return bad;
  const spaces = Buffer.alloc(size === 0 ? HUGE_BYTES : LARGE_BYTES, ' ');
  return { bytes: Buffer.concat([bad.bytes, spaces]) };
}

function unreadable(choices: Choices, good: Buffer): Poison {
  return choices.pick<() => Poison>([
    () => ({ bytes: Buffer.from(choices.pick(TEXTS)) }),
    () => ({ bytes: Buffer.concat([good.subarray(0, -1), Buffer.from([0xff, 0x7d])]) }),
    () => ({ bytes: good.subarray(0, choices.int(good.length)) }),
    () => ({ bytes: withFields(good, choices.pick(FIELDS)) }),
    () => ({ bytes: withFields(good, choices.pick(FIELDS)) }),
    () => ({ bytes: withFields(good, { v: 1, ts: 9e12 }) }),
    () => ({
      bytes: Buffer.from(
        withFields(good, {})
          .toString()
          .replace(/"v":[^,]+,/, '"v":1e999,'),
      ),
    }),
    () => ({ bytes: Buffer.from(choices.pick(['%%%', '{"type":"a"}', 'a'])), notBase64: true }),
  ])();
}

function withFields(good: Buffer, fields: Record<string, unknown>): Buffer {
  try {
    return Buffer.from(JSON.stringify({ ...JSON.parse(good.toString()), ...fields }));
  } catch {
    return good;
  }
}
