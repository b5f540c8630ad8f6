/** Seeds of a property test: all of them, or the one of the environment variable `SEED`. */
export function seedsFrom({ first, count }: { first: number; count: number }): number[] {
  const only = process.env.SEED;
  return only === undefined ? Array.from({ length: count }, (_, i) => first + i) : [Number(only)];
}

/** Says which seed it was, and how to run it alone. */
export async function underSeed<T>(seed: number, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw new Error(`seed ${seed} (alone: SEED=${seed} npm run test:property)`, { cause: error });
  }
}

export function atMost(count: number, lines: readonly string[]): string[] {
  const rest = lines.length - count;
  return rest > 0 ? [...lines.slice(0, count), `and ${rest} more`] : [...lines];
}
