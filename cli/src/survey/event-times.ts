import type { Metric, TimeUnit } from '@millrace/core/pipeline/pipeline';
import { formatPath } from '@millrace/core/record/path';
import { grouped } from '../output';

/** Nobody's clock is wrong by so much; a unit is, by a factor of a thousand. */
const FAR_MS = 366 * 86_400_000;

const MS_PER_UNIT: Readonly<Record<TimeUnit, number>> = { s: 1e3, ms: 1, us: 1e-3, ns: 1e-6 };
const UNITS = Object.keys(MS_PER_UNIT) as TimeUnit[];

interface Times {
  records: number;
  far: number;
  /** Of the far ones: how many would be near their arrivals if they were read in that unit. */
  readonly near: Record<TimeUnit, number>;
  example: { readonly eventMs: number; readonly arrivalMs: number } | null;
}

/** Where event times lie against their arrivals, by metric. */
export class EventTimeSurvey {
  readonly #times = new Map<Metric, Times>();

  note(metric: Metric, eventMs: number, arrivalMs: number): void {
    if (metric.time === null) return;
    const times = this.#timesOf(metric);
    times.records++;
    if (Math.abs(eventMs - arrivalMs) <= FAR_MS) return;
    times.far++;
    times.example ??= { eventMs, arrivalMs };
    for (const unit of UNITS) {
      const readAs = (eventMs / MS_PER_UNIT[metric.time.unit]) * MS_PER_UNIT[unit];
      if (Math.abs(readAs - arrivalMs) <= FAR_MS) times.near[unit]++;
    }
  }

  /** A line for each metric most of whose event times lie years from their arrivals. */
  warnings(): string[] {
    return [...this.#times].flatMap(([metric, times]) =>
      times.far * 2 > times.records ? [warning(metric, times)] : [],
    );
  }

  #timesOf(metric: Metric): Times {
    const known = this.#times.get(metric);
    if (known !== undefined) return known;
    const times = { records: 0, far: 0, near: { s: 0, ms: 0, us: 0, ns: 0 }, example: null };
    this.#times.set(metric, times);
    return times;
  }
}

function warning({ name, time }: Metric, { records, far, near, example }: Times): string {
  const field = JSON.stringify(formatPath(time?.path ?? []));
  const right = UNITS.find((unit) => near[unit] * 2 > far);
  const hint =
    right === undefined
      ? `is that the event time, and "timeUnit" "${time?.unit}" right?`
      : `should "timeUnit" be "${right}", and not "${time?.unit}"?`;
  const { eventMs = 0, arrivalMs = 0 } = example ?? {};
  const shown = `${day(eventMs)} for an arrival of ${day(arrivalMs)}`;
  return `metric ${JSON.stringify(name)}: ${grouped(far)} of ${grouped(records)} event times at ${field} lie years from their arrivals (${shown}): ${hint}`;
}

function day(ms: number): string {
  return new Date(ms).toISOString().split('T')[0] as string;
}
