/** The only source of chance in the engine: the same seed draws the same numbers on every machine. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** A whole number in [0, max). */
  int(max: number): number;
}

/** xoshiro128**: 128 bits of state, so that runs of many million draws do not repeat. */
export function createRandom(seed: number): Random {
  const state = Uint32Array.from(spread(seed));
  const word = (): number => {
    const [a, b, c, d] = state as unknown as [number, number, number, number];
    const answer = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    const third = c ^ a;
    const fourth = d ^ b;
    state[1] = b ^ third;
    state[0] = a ^ fourth;
    state[2] = third ^ shifted;
    state[3] = rotate(fourth, 11);
    return answer;
  };
  const next = (): number => word() / 2 ** 32;
  return { next, int: (max) => Math.floor(next() * max) };
}

/** A request id in the form of a version 4 UUID, drawn from the seed. */
export function drawUuid(random: Random): string {
  let hex = '';
  while (hex.length < 32) hex += random.int(0x10000).toString(16).padStart(4, '0');
  const variant = '89ab'[random.int(4)];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** Neighbouring seeds must not give neighbouring states: a multiply-and-shift mix of a counter. */
function spread(seed: number): number[] {
  let counter = Math.trunc(seed) ^ Math.trunc(seed / 2 ** 32);
  return [0, 1, 2, 3].map(() => {
    counter = (counter + 0x9e3779b9) | 0;
    let mixed = counter ^ (counter >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  });
}
