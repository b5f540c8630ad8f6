import { localArn } from '../arn';
import { tableEvent } from '../dynamodb/event';
import { type FilterPattern, parseFilter, passes } from '../dynamodb/filter';
import { TableStreamMapping } from '../dynamodb/mapping';
import type { TableStreamSource } from '../dynamodb/settings';
import { readChange } from '../dynamodb/table-stream';
import { EngineError } from '../error';
import type { StreamFlavour } from '../kinesis/context';
import { emptyStats } from '../observe';
import type { Properties } from '../template/properties';
import type { SourceKind, SourceRuntime, Unsupported } from './source';
import { readStreamMapping } from './stream-mapping';

/** Lambda polls the shards of a table stream four times a second. */
const POLL_MS = 250;

/** A table stream is read as a Kinesis stream is: lanes, retries, partial responses, bisect. */
export const tableStreamSource: SourceKind<TableStreamSource> = {
  eventTypes: ['DynamoDB'],
  mappingService: 'dynamodb',
  read: (logicalId, _type, properties) => readMapping(logicalId, properties),
  create: (source, runtime) => createMapping(source, runtime),
};

function readMapping(logicalId: string, properties: Properties): TableStreamSource | Unsupported {
  const name = properties.has('EventSourceArn') ? 'EventSourceArn' : 'Stream';
  const arn = properties.requiredText(name);
  const prefix = localArn('dynamodb', 'table/');
  if (!arn.startsWith(prefix)) {
    return { kind: 'unsupported', reason: `${arn} is no table of this template` };
  }
  const table = arn.slice(prefix.length).split('/')[0]!;
  const filters = readFilters(properties);
  return { kind: 'dynamodb', table, filters, ...readStreamMapping(logicalId, properties) };
}

function readFilters(properties: Properties): FilterPattern[] {
  const criteria = properties.map('FilterCriteria');
  return criteria.list('Filters').map((filter) => {
    const { Pattern } = filter as { readonly Pattern?: string };
    const pattern = parseFilter(Pattern ?? '{}');
    return typeof pattern === 'string' ? criteria.fail('Filters', pattern) : pattern;
  });
}

function createMapping(source: TableStreamSource, runtime: SourceRuntime): TableStreamMapping {
  const tableStream = runtime.tables[source.table];
  if (tableStream === undefined) {
    const { logicalId } = runtime.host.definition;
    throw new EngineError(
      `${logicalId}.${source.logicalId} reads the stream of ${source.table}, which was not given`,
    );
  }
  const flavour: StreamFlavour = {
    pollMs: POLL_MS,
    batchInfo: 'DDBStreamBatchInfo',
    event: (batch) => tableEvent(batch, tableStream.arn),
    isFilteredOut: (record) =>
      source.filters.length > 0 && !passes(readChange(record), source.filters),
  };
  // The engine's counts are of the records that are put; those of a table follow from them.
  const apart = { ...runtime, stats: emptyStats() };
  return new TableStreamMapping(source, tableStream.stream, apart, flavour);
}
