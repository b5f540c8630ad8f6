/**
 * What issue 5 wants to see injected, in its words, and the names under which a full run must have
 * counted each. A kind that never strikes proves nothing: the full run is red without it.
 */
export const VOCABULARY: readonly (readonly [what: string, names: readonly string[]])[] = [
  ['crash at start, middle, end', ['crash/start', 'crash/middle', 'crash/end']],
  ['time-out after k writes', ['timeout', 'timeout/freeze', 'timeout/zombie']],
  ['state write fails before landing, after it', ['write/never state', 'write/before state']],
  ['state write lands long after its retry', ['write/late state']],
  ['sink write fails before landing, after it', ['write/never results', 'write/before results']],
  ['sink write lands long after its retry', ['write/late results']],
  ['throttling', ['throttle state', 'throttle results', 'throttle control', 'throttle stream']],
  ['conditional failures', ['conflict state', 'conflict results', 'conflict control']],
  ['redelivery of old batches', ['redeliver', 'redelivered']],
  ['concurrent with newer ones', ['redelivered/beside another batch']],
  ['bisect', ['bisect']],
  [
    'partial cuts at every index',
    ['cut', 'cut/at the first record', 'cut/in between', 'cut/at the last record'],
  ],
  ['transforms that never return', ['hang', 'hang/once']],
  ['poison and healing records', ['poison', 'deadly', 'deadly/healed']],
  ['producer duplicates', ['duplicate']],
  ['clock jumps', ['clock']],
  ['split, merge, chains of reshards', ['reshard/split', 'reshard/merge', 'reshard/chain']],
  ['children read early', ['child early']],
  [
    'ParallelizationFactor changed mid-run',
    ['restart', 'restart/1 lanes', 'restart/4 lanes', 'restart/10 lanes'],
  ],
  ['two mappings at once', ['second-mapping']],
  [
    'ticks and sweeps lost and doubled',
    ['tick/lost', 'tick/doubled', 'sweep/lost', 'sweep/doubled'],
  ],
  ['sink down for an hour', ['outage/results']],
  [
    'every other dependency down',
    ['outage/state', 'outage/control', 'outage/quarantine', 'outage/stream'],
  ],
  [
    'refused bytes while S3 is away',
    ['kept in chunks', 'kept in several chunks', 'kept in the bucket'],
  ],
  ['sink slow', ['slow results']],
  ['sink rejecting single rows', ['reject']],
  ['state removed by TTL', ['expire-state']],
  ['series that come back after that', ['expire-state/came back']],
  ['state past its time to live that is still read', ['expire-state/read although expired']],
  ['state of a newer version', ['newer-state']],
  ['aggregated (KPL) records', ['aggregated', 'aggregated/poison inside']],
  ['partition keys that are lost live', ['auto']],
  ['aggregates of other libraries', ['aggregated/several carriers', 'aggregated/bad key inside']],
  ['windows that do not fit one state', ['evicted for want of room']],
];

/** Names that a run did not count, each with what it stands for. */
export function neverStruck(counts: Readonly<Record<string, number>>): string[] {
  return VOCABULARY.flatMap(([what, names]) =>
    names.filter((name) => !((counts[name] ?? 0) > 0)).map((name) => `${name} (${what})`),
  );
}
