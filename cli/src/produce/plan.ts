import { type PlannedAnomaly, planAnomalies } from './anomaly';
import { POISON_KINDS, type PoisonKind } from './poison';
import { type SeededRandom, seededRandom } from './random';

/** What `millrace produce` was asked for; times in milliseconds. */
export interface ProduceOptions {
  readonly seed: number;
  readonly series: number;
  readonly shards: number;
  readonly startMs: number;
  readonly durationMs: number;
  /** Time between two samples of a series. */
  readonly periodMs: number;
  readonly anomalies: number;
  readonly late: number;
  readonly duplicates: number;
  /** Share of the samples that arrive after a later one. */
  readonly outOfOrder: number;
  readonly poison: number;
}

/** The settings of the pipeline under which the truth holds: written beside the recording. */
export interface ProduceWindows {
  readonly sizeMs: number;
  readonly outOfOrdernessMs: number;
  readonly allowedLatenessMs: number;
  readonly idleCloseMs: number;
}

/** What happens to one sample on its way. Samples are numbered `tick * series + series index`. */
export type Fault =
  | { readonly kind: 'late'; readonly delayMs: number }
  | { readonly kind: 'duplicate'; readonly afterMs: number }
  | { readonly kind: 'poison'; readonly poison: PoisonKind };

export interface ProducePlan {
  readonly windows: ProduceWindows;
  readonly anomalies: readonly PlannedAnomaly[];
  readonly faults: ReadonlyMap<number, Fault>;
  /** Sentences about what did not fit; the caller refuses the run when there are any. */
  readonly misfits: readonly string[];
}

/** A window remembers 256 dedupe keys: fewer samples than that must fall into one. */
const SAMPLES_PER_WINDOW_MAX = 200;
/** The longest way to the stream, without faults, plus a margin. */
const DELIVERY_MARGIN_MS = 10_000;

export function produceWindows(periodMs: number): ProduceWindows {
  const fitting = [60_000, 10_000, 1_000].find((size) => size / periodMs <= SAMPLES_PER_WINDOW_MAX);
  const sizeMs = Math.max(
    fitting ?? 1_000,
    Math.ceil((5 * periodMs) / 60_000) * 60_000 * Number(periodMs > 12_000),
  );
  return {
    sizeMs,
    outOfOrdernessMs: Math.max(10_000, Math.ceil((3 * periodMs) / 1000) * 1000),
    allowedLatenessMs: Math.max(60_000, sizeMs),
    idleCloseMs: Math.max(120_000, Math.ceil((10 * periodMs) / 1000) * 1000),
  };
}

/** Decides everything that will go wrong, before the first record is made. */
export function planProduction(options: ProduceOptions): ProducePlan {
  const windows = produceWindows(options.periodMs);
  const anomalies = planAnomalies(
    { ...options, count: options.anomalies },
    seededRandom(options.seed, 'anomalies'),
  );
  const faults = new Map<number, Fault>();
  const misfits: string[] = [];
  if (anomalies.length < options.anomalies) {
    misfits.push(`only ${anomalies.length} of ${options.anomalies} anomalies fit`);
  }
  const place = (wanted: number, what: string, choose: (random: SeededRandom) => Choice | null) => {
    const placed = placeFaults(faults, wanted, seededRandom(options.seed, what), choose);
    if (placed < wanted) misfits.push(`only ${placed} of ${wanted} ${what} fit`);
  };
  const anywhere = (random: SeededRandom, fromTick: number, toTick: number) => {
    const sample = pickSample(random, options, fromTick, toTick);
    return sample !== null && isSampled(sample, options, anomalies) ? sample : null;
  };
  const ticks = ticksOf(options);
  const lateMs = windows.sizeMs + windows.outOfOrdernessMs + windows.allowedLatenessMs;
  const surelyLateMs = lateMs + 4 * options.periodMs + DELIVERY_MARGIN_MS;
  place(options.late, 'late records', (random) => {
    const delayMs = Math.floor(surelyLateMs + random.between(0, surelyLateMs));
    const lastTick = ticks - Math.ceil(delayMs / options.periodMs) - 1;
    const sample = anywhere(random, 0, lastTick);
    if (sample === null || !flowsAround(sample, delayMs, options, anomalies)) return null;
    return { sample: sample.number, fault: { kind: 'late', delayMs } };
  });
  place(options.duplicates, 'duplicates', (random) => {
    const sample = anywhere(random, 0, ticks);
    if (sample === null) return null;
    const afterMs = Math.floor(random.between(200, 4_000));
    return { sample: sample.number, fault: { kind: 'duplicate', afterMs } };
  });
  let poisoned = 0;
  place(options.poison, 'poison records', (random) => {
    const sample = anywhere(random, 0, ticks);
    if (sample === null || faults.has(sample.number)) return null;
    const poison = POISON_KINDS[poisoned++ % POISON_KINDS.length] as PoisonKind;
    return { sample: sample.number, fault: { kind: 'poison', poison } };
  });
  return { windows, anomalies, faults, misfits };
}

interface Choice {
  readonly sample: number;
  readonly fault: Fault;
}

interface Sample {
  readonly number: number;
  readonly series: number;
  readonly eventMs: number;
}

export function ticksOf(options: ProduceOptions): number {
  return Math.floor(options.durationMs / options.periodMs);
}

function placeFaults(
  faults: Map<number, Fault>,
  wanted: number,
  random: SeededRandom,
  choose: (random: SeededRandom) => Choice | null,
): number {
  let placed = 0;
  for (let tries = 0; placed < wanted && tries < 100 * wanted + 100; tries++) {
    const choice = choose(random);
    if (choice === null || faults.has(choice.sample)) continue;
    faults.set(choice.sample, choice.fault);
    placed++;
  }
  return placed;
}

function pickSample(
  random: SeededRandom,
  options: ProduceOptions,
  fromTick: number,
  toTick: number,
): Sample | null {
  if (toTick <= fromTick) return null;
  const tick = fromTick + random.int(toTick - fromTick);
  const series = random.int(options.series);
  const eventMs = options.startMs + tick * options.periodMs;
  return { number: tick * options.series + series, series, eventMs };
}

function isSampled(
  sample: Sample,
  options: ProduceOptions,
  anomalies: readonly PlannedAnomaly[],
): boolean {
  return !isMissing(sample.series, sample.eventMs, sample.eventMs + options.periodMs, anomalies);
}

/** Whether the series' watermark will have moved on when the held-up sample arrives. */
function flowsAround(
  sample: Sample,
  delayMs: number,
  options: ProduceOptions,
  anomalies: readonly PlannedAnomaly[],
): boolean {
  const arrivalMs = sample.eventMs + delayMs;
  const fromMs = arrivalMs - 4 * options.periodMs - DELIVERY_MARGIN_MS;
  return !isMissing(sample.series, fromMs, arrivalMs + options.periodMs, anomalies);
}

function isMissing(
  series: number,
  fromMs: number,
  toMs: number,
  anomalies: readonly PlannedAnomaly[],
): boolean {
  return anomalies.some(
    (anomaly) =>
      anomaly.kind === 'missing' &&
      anomaly.series === series &&
      anomaly.fromMs < toMs &&
      fromMs < anomaly.toMs,
  );
}
