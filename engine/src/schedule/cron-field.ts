export type Field = ReadonlySet<number>;
export type DayRule = (day: Date) => boolean;

interface FieldOptions {
  readonly name: string;
  readonly range: readonly [number, number];
  /** Words for the values, the first for the lowest. */
  readonly names?: readonly string[];
}

const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const DAY_OF_WEEK: FieldOptions = { name: 'day-of-week', range: [1, 7], names: DAYS };
const DAY_OF_MONTH: FieldOptions = { name: 'day-of-month', range: [1, 31] };

/** `*`, `5`, `1-5`, `0/15`, `MON-FRI`, and lists of these. */
export function parseField(text: string, options: FieldOptions): Field {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [span, step, ...rest] = part.split('/');
    const every = step === undefined ? 1 : Number(step);
    if (rest.length > 0 || !Number.isInteger(every) || every < 1) throw mistake(text, options);
    const [from, to] = parseSpan(span!, step !== undefined, text, options);
    for (let value = from; value <= to; value += every) values.add(value);
  }
  return values;
}

function parseSpan(
  span: string,
  stepped: boolean,
  text: string,
  options: FieldOptions,
): [from: number, to: number] {
  if (span === '*') return [...options.range];
  const [from, to, ...rest] = span.split('-').map((word) => parseValue(word, text, options));
  if (rest.length > 0 || (to !== undefined && to < from!)) throw mistake(text, options);
  return [from!, to ?? (stepped ? options.range[1] : from!)];
}

function parseValue(word: string, text: string, options: FieldOptions): number {
  const named = options.names?.indexOf(word.toUpperCase()) ?? -1;
  const value = named >= 0 ? named + options.range[0] : Number(word);
  const [min, max] = options.range;
  if (!/^\w+$/.test(word) || !Number.isInteger(value) || value < min || value > max) {
    throw mistake(text, options);
  }
  return value;
}

/** Also `L`, the last day, and `15W`, the weekday nearest to the 15th in its month. */
export function parseDayOfMonth(text: string): DayRule {
  if (text === 'L') return (day) => day.getUTCDate() === lengthOfMonth(day);
  const [, nearest] = /^(\d+)W$/.exec(text) ?? [];
  if (nearest !== undefined) {
    const wanted = parseValue(nearest, text, DAY_OF_MONTH);
    return (day) => day.getUTCDate() === nearestWeekday(day, wanted);
  }
  const days = parseField(text, DAY_OF_MONTH);
  return (day) => days.has(day.getUTCDate());
}

/** Also `6L`, the last Friday, and `2#1`, the first Monday of the month. */
export function parseDayOfWeek(text: string): DayRule {
  const [, lastOf] = /^(\w+)L$/.exec(text) ?? [];
  if (text === 'L') return (day) => day.getUTCDay() === 6;
  if (lastOf !== undefined) {
    const wanted = parseValue(lastOf, text, DAY_OF_WEEK);
    return (day) => day.getUTCDay() + 1 === wanted && day.getUTCDate() > lengthOfMonth(day) - 7;
  }
  const [, word, nth] = /^(\w+)#([1-5])$/.exec(text) ?? [];
  if (word !== undefined) {
    const wanted = parseValue(word, text, DAY_OF_WEEK);
    return (day) =>
      day.getUTCDay() + 1 === wanted && Math.ceil(day.getUTCDate() / 7) === Number(nth);
  }
  const days = parseField(text, DAY_OF_WEEK);
  return (day) => days.has(day.getUTCDay() + 1);
}

function lengthOfMonth(day: Date): number {
  return new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 0)).getUTCDate();
}

function nearestWeekday(day: Date, wanted: number): number {
  const length = lengthOfMonth(day);
  const target = Math.min(wanted, length);
  const weekday = new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), target)).getUTCDay();
  if (weekday === 6) return target === 1 ? 3 : target - 1;
  if (weekday === 0) return target === length ? target - 2 : target + 1;
  return target;
}

function mistake(text: string, { name, range: [min, max] }: FieldOptions): RangeError {
  return new RangeError(`${name}: expected values from ${min} to ${max}, got "${text}"`);
}
