/** One contender of a comparison; the first one of a list is the unit. */
export interface Variant {
  readonly name: string;
  readonly run: () => void | Promise<void>;
}

/** The optimiser has settled by then; a warm container has seen more. */
const WARM_UP_ROUNDS = 30;

/**
 * Runs all variants in turn, round by round in rotating order, and prints the median over the rounds of
 * each variant's CPU time as a ratio to the first one's in the same round: ratios survive a busy machine.
 */
export async function compare(
  title: string,
  variants: readonly Variant[],
  options: { rounds: number; perRun: number },
): Promise<number[]> {
  const ratios: number[][] = variants.map(() => []);
  const floorsUs: number[] = [];
  for (let round = -WARM_UP_ROUNDS; round < options.rounds; round++) {
    const cpuUs = new Array<number>(variants.length).fill(0);
    for (let turn = 0; turn < variants.length; turn++) {
      const at = (turn + Math.abs(round)) % variants.length;
      cpuUs[at] = await cpuOf(variants[at] as Variant);
    }
    if (round < 0) continue;
    const floor = cpuUs[0] as number;
    floorsUs.push(floor / options.perRun);
    for (const [at, us] of cpuUs.entries()) ratios[at]?.push(us / floor);
  }
  console.log(
    `\n${title} (${options.rounds} rounds, floor ${median(floorsUs).toFixed(2)} us/record)`,
  );
  const medians = ratios.map(median);
  for (const [at, variant] of variants.entries()) {
    console.log(`  ${(medians[at] as number).toFixed(2).padStart(6)}x  ${variant.name}`);
  }
  return medians;
}

async function cpuOf(variant: Variant): Promise<number> {
  (globalThis as { gc?: () => void }).gc?.();
  const before = process.cpuUsage();
  await variant.run();
  const used = process.cpuUsage(before);
  return used.user + used.system;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
