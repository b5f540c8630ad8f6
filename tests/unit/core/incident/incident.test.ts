import type { Verdict } from '@millrace/core/detector/detector';
import type { IncidentOutput, OpenIncident } from '@millrace/core/fold/state';
import { stepIncident } from '@millrace/core/incident/incident';

const MINUTE = 60_000;

function verdict(kind: 'learning' | 'calm' | 'between' | 'anomaly', score = 0.6): Verdict {
  return {
    score: kind === 'learning' ? null : score,
    anomaly: kind === 'anomaly',
    calm: kind === 'calm' || kind === 'learning',
    expected: kind === 'learning' ? null : { low: 0, high: 1 },
    severity: 'warning',
    reason: 'a test',
  };
}

/** Steps one incident through the verdicts, one window a minute; answers phase by window. */
function run(verdicts: readonly Verdict[]) {
  let incident: OpenIncident | null = null;
  const transitions: IncidentOutput[] = [];
  for (const [index, each] of verdicts.entries()) {
    const startMs = index * MINUTE;
    const window = { startMs, endMs: startMs + MINUTE, value: index };
    const step = stepIncident(incident, each, window, () => `id-${index}`);
    incident = step.incident;
    transitions.push(...step.transitions);
  }
  return transitions.map((t) => `${t.id} ${t.phase} @${t.windowMs / MINUTE}`);
}

test.each([
  {
    name: 'opens on an anomaly and recovers after two calm windows in a row',
    verdicts: [verdict('calm'), verdict('anomaly'), verdict('calm'), verdict('calm')],
    expected: ['id-1 open @1', 'id-1 recovered @3'],
  },
  {
    name: 'one calm window between anomalies does not close it',
    verdicts: [verdict('anomaly'), verdict('calm'), verdict('anomaly'), verdict('calm')],
    expected: ['id-0 open @0'],
  },
  {
    name: 'neither calm nor anomalous keeps it open (hysteresis)',
    verdicts: [verdict('anomaly'), verdict('calm'), verdict('between'), verdict('calm')],
    expected: ['id-0 open @0'],
  },
  {
    name: 'getting worse is ongoing, the same again is silent',
    verdicts: [verdict('anomaly', 0.6), verdict('anomaly', 0.6), verdict('anomaly', 0.9)],
    expected: ['id-0 open @0', 'id-0 ongoing @2'],
  },
  {
    name: 'learning opens nothing',
    verdicts: [verdict('learning'), verdict('learning')],
    expected: [],
  },
])('$name', ({ verdicts, expected }) => {
  expect(run(verdicts)).toEqual(expected);
});
