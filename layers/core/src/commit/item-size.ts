import type { Item } from '../port';
import { utf8Bytes } from '../record/utf8';

/** Half of what DynamoDB holds in one item: time to split a metric, before windows close early. */
export const STATE_WARN_BYTES = 204_800;

/** Keys, numbers and attribute names of a state item, beside its two texts; an upper bound. */
const FRAME_BYTES = 4_096;

/**
 * Bytes of a state item, nearly: exact where it matters. A small item is judged by its length alone,
 * which costs nothing; its bytes are at most three times as many.
 */
export function stateItemBytes(item: Item): number {
  const [body, out] = [String(item.body), String(item.out ?? '')];
  const length = body.length + out.length;
  if (length * 3 < STATE_WARN_BYTES) return length;
  return utf8Bytes(body) + utf8Bytes(out) + FRAME_BYTES;
}
