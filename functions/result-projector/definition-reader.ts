import { fingerprintOf } from '@millrace/core/fold/definition';
import { definitionKey } from '@millrace/core/fold/key';
import { parseJson } from '@millrace/core/json/parse-json';
import type { Metric } from '@millrace/core/pipeline/pipeline';
import type { KeyValueStore } from '@millrace/core/port';
import { readerKey } from '@millrace/core/results/rows';
import type { RowItem } from './row-item';

export interface DefinitionReaderOptions {
  /** Holds every definition that rows were made with. */
  readonly control: KeyValueStore;
  /** Known without asking. */
  readonly metrics?: readonly Metric[];
  /** A container lives for hours, and an operator may bring a missing one back; a command asks once. */
  readonly missing: 'ask again' | 'remember';
}

/** Rows name the definition they were made with; each is read once. Null: nobody knows it. */
export function createDefinitionReader(
  options: DefinitionReaderOptions,
): (item: RowItem) => Promise<Metric | null> {
  const { control, metrics = [], missing } = options;
  const known = new Map<string, Metric | null>(
    metrics.map((metric) => [readerKey(metric.name, fingerprintOf(metric)), metric]),
  );
  return async ({ metric, row }) => {
    const name = readerKey(metric, row.def);
    const before = known.get(name);
    if (before !== undefined) return before;
    const [item] = await control.getMany([definitionKey(metric, row.def)]);
    const definition = item === undefined ? null : (parseJson(String(item.body)) as Metric);
    if (definition !== null || missing === 'remember') known.set(name, definition);
    return definition;
  };
}
