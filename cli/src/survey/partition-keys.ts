import { UNKEYED } from '@millrace/core/partition-key';
import { grouped } from '../output';

/** A series under more partition keys than this is hardly meant: a few come from renamed producers. */
export const PARTITION_KEYS_FEW = 8;
/** More keys of one series are not counted. */
const KEYS_MAX = 1_000;
/** More series are not looked at: what spreads one mostly spreads them all. */
const SERIES_MAX = 10_000;

interface Spread {
  readonly metric: string;
  readonly series: string;
  readonly keys: Set<string>;
}

/** Under how many partition keys each series comes. */
export class PartitionKeySurvey {
  readonly #series = new Map<string, Spread>();

  note(metric: string, series: string, partitionKey: string): void {
    const name = `${metric}\0${series}`;
    let spread = this.#series.get(name);
    if (spread === undefined) {
      if (this.#series.size >= SERIES_MAX) return;
      spread = { metric, series, keys: new Set() };
      this.#series.set(name, spread);
    }
    if (spread.keys.size < KEYS_MAX) spread.keys.add(partitionKey);
  }

  #unkeyed(): string[] {
    const [first, ...others] = [...this.#series.values()].filter(({ keys }) => keys.has(UNKEYED));
    if (first === undefined) return [];
    const more = others.length === 0 ? '' : ` (and of ${grouped(others.length)} other series)`;
    return [
      `records of ${nameOf(first)}${more} came without a partition key: they are counted exactly, but have no order, so late records and scores may differ from run to run`,
    ];
  }

  /** One line with the worst series, if any is spread, and one if records of any had no key at all. */
  warnings(): string[] {
    let worst: Spread | null = null;
    let count = 0;
    for (const spread of this.#series.values()) {
      if (spread.keys.size <= PARTITION_KEYS_FEW) continue;
      count++;
      if (worst === null || spread.keys.size > worst.keys.size) worst = spread;
    }
    return [...(worst === null ? [] : [warning(worst, count - 1)]), ...this.#unkeyed()];
  }
}

function nameOf({ metric, series }: Spread): string {
  return `series ${JSON.stringify(series)} of metric ${JSON.stringify(metric)}`;
}

function warning(spread: Spread, others: number): string {
  const { keys } = spread;
  const of = nameOf(spread);
  const more = others === 0 ? '' : ` (and so did ${grouped(others)} other series)`;
  const many =
    keys.size >= KEYS_MAX
      ? `${grouped(KEYS_MAX)} partition keys or more`
      : `${keys.size} partition keys`;
  return `${of} came under ${many}${more}: each is a part with its own watermark and detector, and duplicates across keys are not found; put the records of an entity under one key`;
}
