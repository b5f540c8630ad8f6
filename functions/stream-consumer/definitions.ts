import { ConflictError } from '@millrace/core/error';
import { type Definition, defineMetric } from '@millrace/core/fold/definition';
import { definitionKey, newestDefinitionKey } from '@millrace/core/fold/key';
import { jsonText } from '@millrace/core/json/write-json';
import type { Metric } from '@millrace/core/pipeline/pipeline';
import type { Clock, Item, KeyValueStore } from '@millrace/core/port';

/**
 * While a deployment rolls out, containers of the old code start and run beside new ones. A definition
 * that is known already but not the newest is only taken for a roll-back, and made the newest again,
 * when the newest has been there longer than any roll-out.
 */
const ROLL_OUT_MS = 5 * 60_000;
/** Races with other containers that start at the same moment. */
const TRIES_MAX = 5;

export interface RegistryPorts {
  readonly control: KeyValueStore;
  readonly clock: Clock;
  readonly stateTtlMs: number;
}

/**
 * Numbers the definitions of every metric in the order in which they were deployed, in the Control
 * table. State carries the number of the definition that wrote it, so that old code meets newer state
 * and steps aside, and keeps each definition for readers of older rows.
 */
export async function registerDefinitions(
  metrics: readonly Metric[],
  ports: RegistryPorts,
): Promise<ReadonlyMap<Metric, Definition>> {
  const definitions = metrics.map((metric) => defineMetric(metric, ports.stateTtlMs));
  const newest = await ports.control.getMany(metrics.map((m) => newestDefinitionKey(m.name)));
  const registered = new Map<Metric, Definition>();
  for (const [index, definition] of definitions.entries()) {
    const number = await register(definition, newest[index], ports);
    registered.set(definition.metric, { ...definition, number });
  }
  return registered;
}

/** Answers the definition's number. */
async function register(
  definition: Definition,
  known: Item | undefined,
  { control, clock }: RegistryPorts,
): Promise<number> {
  const { metric, fingerprint } = definition;
  const newestKey = newestDefinitionKey(metric.name);
  const ownKey = definitionKey(metric.name, fingerprint);
  let newest = known;
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    if (newest?.def === fingerprint) return Number(newest.number);
    const [own] = await control.getMany([ownKey]);
    const sinceMs = clock.nowMs() - Number(newest?.sinceMs ?? Number.NEGATIVE_INFINITY);
    if (own !== undefined && sinceMs < ROLL_OUT_MS) return Number(own.number);
    const number = Number(newest?.number ?? 0) + 1;
    // Readers need the definition before a row can name it.
    await control.put({ ...ownKey, number, body: jsonText(metric) });
    const result = await control.put(
      { ...newestKey, number, def: fingerprint, sinceMs: Math.floor(clock.nowMs()) },
      newest === undefined
        ? { kind: 'absent' }
        : { kind: 'equals', attribute: 'number', value: Number(newest.number) },
    );
    if (result === 'written') return number;
    [newest] = await control.getMany([newestKey]);
  }
  // The winner's number is its own: two definitions under one would begin epochs in turn for ever.
  throw new ConflictError(`lost ${TRIES_MAX} races to number the definition of ${metric.name}`);
}
