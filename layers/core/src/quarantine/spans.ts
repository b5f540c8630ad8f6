/**
 * Which sub-records of one stream record are meant, in rising order, as ranges that ends are part of:
 * `7`: sub-record 7, of user record 7; `[3, 9]`: each of the user record with its own number;
 * `[0, 4, 2]`: all of user record 2. Sub-records and user records differ where a transform has outputs.
 */
export type Span =
  | number
  | readonly [from: number, to: number]
  | readonly [from: number, to: number, user: number];

/** Sub-records from and to, as readers show them. */
export type SubRange = readonly [from: number, to: number];

/**
 * Adds a sub-record that is above all before it. Answers by how many bytes of JSON the list grew, a
 * comma included.
 */
export function addSub(spans: Span[], sub: number, user: number): number {
  const last = spans.at(-1);
  const joined = last === undefined ? null : extended(last, sub, user);
  if (last !== undefined && joined !== null) {
    spans[spans.length - 1] = joined;
    return lengthOf(joined) - lengthOf(last);
  }
  const span: Span = sub === user ? sub : [sub, sub, user];
  spans.push(span);
  return lengthOf(span) + 1;
}

function extended(last: Span, sub: number, user: number): Span | null {
  if (typeof last === 'number') {
    if (sub !== last + 1) return null;
    return sub === user ? [last, sub] : user === last ? [last, sub, last] : null;
  }
  const [from, to, of] = last;
  if (sub !== to + 1) return null;
  if (of === undefined) return sub === user ? [from, sub] : null;
  return user === of ? [from, sub, of] : null;
}

export function lengthOf(span: Span): number {
  return JSON.stringify(span).length;
}

/** The user record of a sub-record; null = the spans do not hold it. */
export function userOf(spans: readonly Span[], sub: number): number | null {
  for (const span of spans) {
    const { from, to, user } = partsOf(span);
    if (sub >= from && sub <= to) return user ?? sub;
  }
  return null;
}

/** The sub-records by their user records, in rising order of these. */
export function byUser(spans: readonly Span[]): Map<number, SubRange[]> {
  const users = new Map<number, SubRange[]>();
  const add = (user: number, range: SubRange) => {
    const ranges = users.get(user);
    if (ranges === undefined) users.set(user, [range]);
    else ranges.push(range);
  };
  for (const span of spans) {
    const { from, to, user } = partsOf(span);
    if (user !== null) add(user, [from, to]);
    else for (let sub = from; sub <= to; sub++) add(sub, [sub, sub]);
  }
  return users;
}

/** Every sub-record with its user record. */
export function* eachSub(spans: readonly Span[]): Generator<readonly [sub: number, user: number]> {
  for (const span of spans) {
    const { from, to, user } = partsOf(span);
    for (let sub = from; sub <= to; sub++) yield [sub, user ?? sub];
  }
}

export function rangesOf(spans: readonly Span[]): SubRange[] {
  return spans.map((span) => {
    const { from, to } = partsOf(span);
    return [from, to];
  });
}

export function firstSub(spans: readonly Span[]): number {
  const [first = 0] = spans;
  return partsOf(first).from;
}

function partsOf(span: Span): { from: number; to: number; user: number | null } {
  if (typeof span === 'number') return { from: span, to: span, user: null };
  const [from, to, user] = span;
  return { from, to, user: user ?? null };
}
