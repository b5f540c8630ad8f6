/** Every kind of fault with its fields: the parser, the schema and the manual are made from this. */

export type Field =
  | { readonly type: 'rate'; readonly optional?: true }
  | { readonly type: 'count'; readonly max: number }
  | { readonly type: 'duration'; readonly optional?: true }
  | { readonly type: 'durations'; readonly optional?: true }
  | { readonly type: 'counts'; readonly min: number; readonly max: number }
  | { readonly type: 'lanes'; readonly optional: true }
  | { readonly type: 'flag'; readonly optional: true }
  | { readonly type: 'choice'; readonly of: readonly string[]; readonly optional?: true };

export interface KindSpec {
  readonly what: string;
  readonly fields: Readonly<Record<string, Field>>;
}

export const PORTS = ['state', 'results', 'control', 'quarantine', 'stream'] as const;

const RATE = { type: 'rate' } as const;
const PORT = { type: 'choice', of: PORTS } as const;
const ANY_PORT = { ...PORT, optional: true } as const;
const DURATION = { type: 'duration' } as const;
const DURATIONS = { type: 'durations' } as const;

export const KINDS: Readonly<Record<string, KindSpec>> = {
  crash: {
    what: 'the process dies before its first line, at one of its writes, or before its answer arrives',
    fields: { rate: RATE, at: { type: 'choice', of: ['start', 'middle', 'end'] } },
  },
  timeout: {
    what: 'a write hangs beyond the time-out, after up to 7 others; `zombie`: share that goes on then',
    fields: { rate: RATE, zombie: RATE },
  },
  write: {
    what: 'a write fails and never lands, has landed, or lands that much later',
    fields: {
      rate: RATE,
      lands: { type: 'choice', of: ['never', 'before', 'late'] },
      late: { ...DURATIONS, optional: true },
      port: ANY_PORT,
    },
  },
  conflict: {
    what: 'a conditional write lands and is reported as refused',
    fields: { rate: RATE, port: ANY_PORT },
  },
  throttle: {
    what: 'a call is refused; `for` out of `every`, or always',
    fields: {
      rate: RATE,
      port: ANY_PORT,
      every: { ...DURATION, optional: true },
      for: { ...DURATION, optional: true },
    },
  },
  slow: { what: 'a call takes longer', fields: { rate: RATE, delay: DURATIONS, port: ANY_PORT } },
  reject: {
    what: 'single items are refused for a while, their neighbours are not',
    fields: { rate: RATE, port: PORT, for: DURATION },
  },
  outage: {
    what: 'a port answers nothing but errors for a while',
    fields: { port: PORT, for: DURATION, times: { type: 'count', max: 1000 } },
  },
  cut: { what: 'an answer asks for more again than it had to', fields: { rate: RATE } },
  redeliver: {
    what: 'a batch comes once more, beside newer ones',
    fields: { rate: RATE, delay: DURATIONS },
  },
  restart: {
    what: 'a mapping goes back to its checkpoint while its invocations go on; with other lanes perhaps',
    fields: {
      times: { type: 'count', max: 1000 },
      parallelization: { type: 'lanes', optional: true },
    },
  },
  'second-mapping': { what: 'two mappings read the stream at once', fields: {} },
  reshard: {
    what: 'shards are split and merged, one after the other, also those that just were',
    fields: {
      times: { type: 'count', max: 1000 },
      childrenEarly: { type: 'flag', optional: true },
    },
  },
  sweep: {
    what: 'a run of the sweeper is left out, or there are two',
    fields: { lost: RATE, doubled: RATE },
  },
  tick: { what: 'ticks are lost, or put twice', fields: { lost: RATE, doubled: RATE } },
  clock: {
    what: "the sweeper's clock is off for ten minutes",
    fields: { rate: RATE, jump: DURATION },
  },
  deadly: {
    what: 'a record kills every batch it is in, and alone so many times; then it has healed',
    fields: { rate: RATE, tries: { type: 'counts', min: 1, max: 20 } },
  },
  poison: { what: 'a record is replaced by something unreadable', fields: { rate: RATE } },
  hang: {
    what: 'a transform never returns for a record; `sometimes`: share that does when tried alone',
    fields: { rate: RATE, sometimes: { ...RATE, optional: true } },
  },
  duplicate: {
    what: 'a producer sends a record once more',
    fields: { rate: RATE, delay: DURATIONS },
  },
  auto: {
    what: "the stream's owner switches it to AUTO: behind that share of the records none has a key",
    fields: { after: RATE },
  },
  'newer-state': {
    what: 'newer code writes every state, and is rolled forward again a while later',
    fields: { times: { type: 'count', max: 100 }, for: DURATION },
  },
  'expire-state': {
    what: 'states whose time to live is over are removed, that much later',
    fields: { rate: { ...RATE, optional: true }, late: { ...DURATIONS, optional: true } },
  },
};

/** Fields whose value is a duration carry their unit in the plan that the engine reads. */
export const ENGINE_NAMES: Readonly<Record<string, string>> = {
  late: 'lateMs',
  every: 'everyMs',
  for: 'forMs',
  delay: 'delayMs',
  jump: 'jumpMs',
};
