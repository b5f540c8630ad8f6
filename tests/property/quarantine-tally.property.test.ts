/** Entries of the quarantine expire, crash by crash, and every measurement stays counted once. */
import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { createObjectMemory } from '@millrace/adapters/embedded/object-memory';
import { UnavailableError } from '@millrace/core/error';
import { quarantinePartitions } from '@millrace/core/fold/key';
import type { KeyValueStore } from '@millrace/core/port';
import { quarantineRecord, quarantineUncounted } from '@millrace/core/quarantine/entry';
import { RecordRefusals } from '@millrace/core/quarantine/refusals';
import { registerShard } from '@millrace/core/quarantine/shards';
import { tallyExpired } from '@millrace/core/quarantine/tally';
import { scanAll } from '@millrace/core/results/pages';
import { countRefused, readRefusals } from '@millrace/core/results/quarantine';
import { type Choices, createChoices } from '../helper/random';
import { bound } from '../helper/run-scenario';
import { seedsFrom, underSeed } from '../helper/seeds';

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 0, 5);
const KEPT = { retentionMs: DAY_MS, quarantineRetentionMs: 30 * DAY_MS };
const SHARD = { stream: 'events', shard: 'shard-0' };
const SEEDS = seedsFrom({ first: 1, count: 30 });

/** What was put into the quarantine, counted by the test itself. */
interface Sent {
  invalid: number;
  unmatched: number;
  readonly reasons: Record<string, number>;
}

class Run {
  readonly sent: Sent = { invalid: 0, unmatched: 0, reasons: {} };
  nowMs = START_MS;
  readonly #choices: Choices;
  readonly #raw: KeyValueStore = createKeyValueStore({ map: createMemoryMap(), table: 'control' });
  readonly #control: KeyValueStore;
  #sequence = 1_000;

  constructor(seed: number) {
    const choices = createChoices(seed);
    this.#choices = choices;
    this.#control = {
      ...bound(this.#raw),
      put: async (item, condition) => {
        if (choices.chance(0.1)) throw new UnavailableError('it did not land');
        const result = await this.#raw.put(item, condition);
        if (choices.chance(0.1)) throw new UnavailableError('its answer got lost');
        return result;
      },
    };
  }

  /** A record that is delivered until its entry is written, and perhaps once more. */
  async refuse(): Promise<void> {
    const choices = this.#choices;
    const place = {
      ...SHARD,
      sequence: String(this.#sequence++),
      partitionKey: 'p',
      arrivalMs: this.nowMs,
    };
    const refusals = new RecordRefusals();
    const count = choices.int(4);
    for (let sub = 0; sub <= count; sub++) {
      const reason = choices.pick(['json', 'value', 'unmatched']);
      refusals.add({ reason, detail: 'd', metric: choices.pick([null, 'm']), sub, user: 0 });
      this.#note(reason, 1);
    }
    const source = { bytes: () => new Uint8Array(8) };
    await this.#deliver((ports) => quarantineRecord(ports, place, refusals, source, KEPT));
    if (!choices.chance(0.3)) return;
    const entry = {
      ...place,
      recordIndex: 0,
      sub: 9,
      measurement: {} as never,
      refuse: null,
    };
    const sources = { of: () => source };
    const group = { ...SHARD, sources, key: { metric: 'm', series: 's', partitionKey: 'p' } };
    this.#note('state', 1);
    await this.#deliver((ports) =>
      quarantineUncounted(ports, group, [entry], { reason: 'state', detail: 'd' }, KEPT),
    );
  }

  #note(reason: string, count: number): void {
    if (reason === 'unmatched') this.sent.unmatched += count;
    else {
      this.sent.invalid += count;
      this.sent.reasons[reason] = (this.sent.reasons[reason] ?? 0) + count;
    }
  }

  async #deliver(write: (ports: never) => Promise<unknown>): Promise<void> {
    const ports = { control: this.#control, quarantine: createObjectMemory() } as never;
    let again = this.#choices.chance(0.3);
    for (;;) {
      try {
        await registerShard(this.#control, SHARD);
        await write(ports);
        if (!again) return;
        again = false;
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
      }
    }
  }

  /** A sweep; some of them die. */
  async sweep(): Promise<void> {
    for (const pk of quarantinePartitions(SHARD)) {
      try {
        await tallyExpired(this.#control, pk, {
          nowMs: this.nowMs,
          pagesMax: 1 + this.#choices.int(2),
        });
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
      }
    }
  }

  /** DynamoDB removes what is past its time, sooner or later. */
  async expire(): Promise<number> {
    let removed = 0;
    for await (const { pk, sk, ttl } of scanAll(this.#raw)) {
      if (typeof ttl !== 'number' || ttl * 1000 > this.nowMs || this.#choices.chance(0.3)) continue;
      await this.#raw.delete({ pk, sk });
      removed++;
    }
    return removed;
  }

  async counted(): Promise<Sent> {
    const { invalid, unmatched, expired } = await countRefused(this.#raw);
    const reasons = { ...expired };
    for (const { reason, count } of await readRefusals(this.#raw)) {
      reasons[reason] = (reasons[reason] ?? 0) + count;
    }
    return { invalid, unmatched, reasons };
  }

  async texts(): Promise<string> {
    const items = [];
    for await (const item of scanAll(this.#raw)) if (!item.pk.startsWith('I#')) items.push(item);
    return JSON.stringify(items);
  }
}

test('what expires stays counted, whenever a sweep dies and whatever is removed when', async () => {
  let removed = 0;
  for (const seed of SEEDS) {
    await underSeed(seed, async () => {
      const run = new Run(seed);
      const choices = createChoices(seed ^ 0x7a11);
      for (let day = 0; day < 60; day++) {
        for (let n = choices.int(6); n > 0; n--) await run.refuse();
        run.nowMs += DAY_MS;
        await run.sweep();
        removed += await run.expire();
        expect(await run.counted()).toEqual(run.sent);
      }
      for (let day = 0; day < 60; day++) {
        run.nowMs += DAY_MS;
        await run.sweep();
        removed += await run.expire();
      }
      expect(await run.counted()).toEqual(run.sent);
      // Nothing is left that could be of a person: no key, no series, no detail.
      expect(await run.texts()).not.toMatch(/partitionKey|series|detail|"data"/);
    });
  }
  expect(removed).toBeGreaterThan(SEEDS.length * 100);
});
