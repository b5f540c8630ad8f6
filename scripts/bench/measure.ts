/** One contender of a comparison; the first one of a list is the unit. */
export interface Variant {
  readonly name: string;
  readonly run: () => void | Promise<void>;
}

/** The optimiser has settled by then; a warm container has seen more. */
const WARM_UP_ROUNDS = 30;

/**
 * When garbage is collected. `forced`: wholly before every run, so that no variant pays for another; but
 * V8 then also throws away code that has not run since a few collections, and what is measured is partly
 * compiling. `natural`: when V8 finds it due, as in a container that does nothing else.
 */
export type Collection = 'forced' | 'natural';

interface CompareOptions {
  readonly rounds: number;
  /** Records of one run. */
  readonly perRun: number;
  readonly collection: Collection;
}

/** Runs of so many records are one sample where collections come when they come. */
const NATURAL_SAMPLE_RECORDS = 10_000;

/**
 * Runs all variants in turn, round by round in rotating order, and prints the median over the rounds of
 * each variant's CPU time as a ratio to the first one's in the same round: ratios survive a busy machine.
 */
export async function compare(
  title: string,
  variants: readonly Variant[],
  options: CompareOptions,
): Promise<number[]> {
  const ratios: number[][] = variants.map(() => []);
  const floorsUs: number[] = [];
  const { collection, perRun } = options;
  const runs = collection === 'forced' ? 1 : Math.ceil(NATURAL_SAMPLE_RECORDS / perRun);
  for (let round = -WARM_UP_ROUNDS; round < options.rounds; round++) {
    const cpuUs = new Array<number>(variants.length).fill(0);
    for (let turn = 0; turn < variants.length; turn++) {
      const at = (turn + Math.abs(round)) % variants.length;
      cpuUs[at] = await cpuOf(variants[at] as Variant, runs, collection);
    }
    if (round < 0) continue;
    const floor = cpuUs[0] as number;
    floorsUs.push(floor / runs / perRun);
    for (const [at, us] of cpuUs.entries()) ratios[at]?.push(us / floor);
  }
  console.log(
    `\n${title}, ${collection} collections (${options.rounds} rounds, floor ${median(floorsUs).toFixed(2)} us/record)`,
  );
  const medians = ratios.map(median);
  for (const [at, variant] of variants.entries()) {
    console.log(`  ${(medians[at] as number).toFixed(2).padStart(6)}x  ${variant.name}`);
  }
  return medians;
}

async function cpuOf(variant: Variant, runs: number, collection: Collection): Promise<number> {
  if (collection === 'forced') (globalThis as { gc?: () => void }).gc?.();
  const before = process.cpuUsage();
  for (let run = 0; run < runs; run++) await variant.run();
  const used = process.cpuUsage(before);
  return used.user + used.system;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
