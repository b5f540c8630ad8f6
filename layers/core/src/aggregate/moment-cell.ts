import { type CellKind, INTEGER_BYTES, NUMBER_BYTES } from './cell';
import { countOf, listOf, numberOf } from './shape';

/**
 * Mean and sum of squared distances from it, updated as B. P. Welford (1962) and merged as Chan,
 * Golub and LeVeque (1979) do: stable where a difference of sums of squares loses every digit.
 */
export interface MomentCell {
  n: number;
  mean: number;
  /** Infinite when a merge of finite parts left the doubles' range; it stays so. */
  m2: number;
}

export function momentsStayFinite(cell: MomentCell, value: number): boolean {
  const delta = value - cell.mean;
  const mean = cell.mean + delta / (cell.n + 1);
  return Number.isFinite(cell.m2 + delta * (value - mean));
}

export function addToMoments(cell: MomentCell, value: number): void {
  const delta = value - cell.mean;
  cell.n += 1;
  cell.mean += delta / cell.n;
  cell.m2 += delta * (value - cell.mean);
}

/** The population variance; null for no values. */
export function varianceOf(cell: MomentCell): number | null {
  return cell.n === 0 || !Number.isFinite(cell.m2) ? null : cell.m2 / cell.n;
}

export function stddevOf(cell: MomentCell): number | null {
  const variance = varianceOf(cell);
  return variance === null ? null : Math.sqrt(variance);
}

/** Encoded: `[n, mean, m2]`, `m2` null when infinite. */
export const MOMENT_CELL: CellKind<MomentCell> = {
  create: () => ({ n: 0, mean: 0, m2: 0 }),
  merge: (a, b) => {
    if (a.n === 0) return { ...b };
    if (b.n === 0) return { ...a };
    const n = a.n + b.n;
    const delta = b.mean - a.mean;
    const mean = a.mean + delta * (b.n / n);
    const m2 = a.m2 + b.m2 + delta * delta * a.n * (b.n / n);
    return Number.isFinite(m2) ? { n, mean, m2 } : { n, mean: 0, m2: Number.POSITIVE_INFINITY };
  },
  encode: (cell) => [cell.n, cell.mean, Number.isFinite(cell.m2) ? cell.m2 : null],
  decode: (encoded) => {
    const [n, mean, m2] = listOf(encoded, 'moments');
    return {
      n: countOf(n, 'moment count'),
      mean: numberOf(mean, 'moment mean'),
      m2: m2 === null ? Number.POSITIVE_INFINITY : numberOf(m2, 'moment m2'),
    };
  },
  bytes: () => MOMENT_CELL.bytesMax,
  bytesMax: INTEGER_BYTES + 2 * NUMBER_BYTES + 3,
};
