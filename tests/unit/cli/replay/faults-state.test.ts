import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { createScheduler } from '@millrace/engine';
import { Ledger } from '@millrace/engine/fault/ledger';
import type { StateFault } from '@millrace/engine/fault/plan';
import { scheduleStateFaults } from '../../../../cli/src/replay/faults-state';

const HOUR_MS = 3_600_000;

function build(fault: StateFault) {
  const state = createKeyValueStore({ map: createMemoryMap(), table: 'state' });
  const scheduler = createScheduler({ seed: 1, startMs: 0 });
  const untilMs = 10 * HOUR_MS;
  const ledger = new Ledger({ scheduler, seed: 1, untilMs, only: undefined });
  const removed = { counters: [] as number[], incidents: new Set<string>() };
  const plan = { name: 'test', calm: 0, endAfterMs: 0, faults: [fault] };
  const spanMs = [0, untilMs] as const;
  const begin = () => scheduleStateFaults({ plan, scheduler, ledger, state, spanMs, removed });
  return { state, scheduler, removed, begin };
}

const item = (sk: string, more: object) => ({
  ...{ pk: 'S#m#s', sk, v: 1, ver: 4, body: '{"c":[7,1,0,2,0,0]}' },
  ...more,
});

it('expire-state removes what is past its time to live, and keeps its counters', async () => {
  const { state, scheduler, removed, begin } = build({ kind: 'expire-state' });
  await state.put(item('=old', { ttl: HOUR_MS / 1000 }));
  await state.put(item('=young', { ttl: (100 * HOUR_MS) / 1000 }));
  await state.put(item('=open', {}));

  begin();
  await scheduler.run();

  const { items } = await state.scan();
  expect(items.map(({ sk }) => sk)).toEqual(['=open', '=young']);
  expect(removed.counters).toEqual([7, 1, 0, 2, 0, 0]);
});

it('expire-state comes late, and not at all for what was written again', async () => {
  const lateMs = [3 * HOUR_MS, 3 * HOUR_MS] as const;
  const { state, scheduler, begin } = build({ kind: 'expire-state', lateMs });
  await state.put(item('=old', { ttl: HOUR_MS / 1000 }));
  await state.put(item('=back', { ttl: HOUR_MS / 1000 }));
  const seen: string[] = [];
  for (const hour of [3.5, 5.5]) {
    scheduler.at(hour * HOUR_MS, async () => {
      const { items } = await state.scan();
      seen.push(items.map(({ sk }) => sk).join());
    });
  }
  scheduler.at(2 * HOUR_MS, () => state.put(item('=back', {})).then(() => undefined));

  begin();
  await scheduler.run();

  expect(seen).toEqual(['=back,=old', '=back']);
});

it('expire-state with the incident that was open in it', async () => {
  const { state, scheduler, removed, begin } = build({ kind: 'expire-state', rate: 1 });
  const body = '{"c":[1,0,0,0,0,0],"i":{"id":"m#s#k#then"}}';
  await state.put(item('=old', { ttl: HOUR_MS / 1000, body }));

  begin();
  await scheduler.run();

  expect([...removed.incidents]).toEqual(['m#s#k#then']);
});

it('newer-state raises the schema version for a while, and the state version for good', async () => {
  const { state, scheduler, begin } = build({ kind: 'newer-state', times: 1, forMs: HOUR_MS });
  await state.put(item('=k', {}));
  const seen = new Set<unknown>();
  for (let atMs = 0; atMs < 12 * HOUR_MS; atMs += HOUR_MS / 4) {
    scheduler.at(atMs, async () => {
      const [found] = await state.getMany([{ pk: 'S#m#s', sk: '=k' }]);
      seen.add(`${found?.v} ${found?.ver}`);
    });
  }

  begin();
  await scheduler.run();

  expect([...seen]).toEqual(['1 4', '1001 5', '1 6']);
});
