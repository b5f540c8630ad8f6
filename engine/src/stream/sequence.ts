import { EngineError } from '../error';

/**
 * A sequence number for a record that is put between two others of its shard: `last + 1` while that
 * lies below the next recorded one, else `last.1`, `last.2` and so on.
 *
 * @param last of the last visible record of the shard, if any
 * @param next of the first record that is not yet visible; `unknown` when it has not been read yet,
 *   so that any whole number might be taken
 * @throws EngineError when nothing lies below `next` (a recording numbered from 0)
 */
export function sequenceBetween(
  last: string | undefined,
  next: string | 'unknown' | undefined,
): string {
  if (last === undefined) return sequenceBelow(next);
  const [whole, part] = split(last);
  if (next === undefined) return String(whole + 1n);
  if (next !== 'unknown' && whole + 1n < split(next)[0]) return String(whole + 1n);
  return `${whole}.${part + 1}`;
}

/** Half of it, so that there is room on both sides. */
function sequenceBelow(next: string | undefined): string {
  if (next === undefined) return '1';
  if (next === 'unknown') return '0';
  const [whole] = split(next);
  if (whole === 0n) throw new EngineError('no sequence number lies below 0; number records from 1');
  return String(whole / 2n);
}

/** For a stream that holds no recorded numbers: 56 digits, as on AWS, that grow with each record. */
export function freshSequence(nowMs: number, count: number): string {
  return `49${String(nowMs).padStart(16, '0')}${String(count).padStart(38, '0')}`;
}

function split(sequence: string): [whole: bigint, part: number] {
  const dot = sequence.indexOf('.');
  if (dot < 0) return [BigInt(sequence), 0];
  return [BigInt(sequence.slice(0, dot)), Number(sequence.slice(dot + 1))];
}
