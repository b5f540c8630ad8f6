import {
  type AttributeValue,
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { BugError } from '@millrace/core/error';
import type { Item, Key, KeyValueStore, Page, RangeQuery, WriteResult } from '@millrace/core/port';
import { checkDistinct, checkedAttributeBytes, checkedItemBytes, checkKey } from '../table-item';
import { compareUtf8 } from '../utf8-order';
import { fromAttributeValue, fromWireItem, toWireItem, toWireKey } from './attribute-value';
import { CALL_LIMITS, type ClientSettings, clientOptions } from './client-options';
import * as expression from './expression';
import { inFlight } from './in-flight';
import { beginCall, type Call, type CallLimits, limitedBy, RefusedError } from './retry';

export interface DynamoTable {
  readonly client: DynamoDBClient;
  readonly table: string;
  /** By index name; the table's own keys are `pk` and `sk`. */
  readonly indexes?: Readonly<Record<string, { partitionKey: string; sortKey: string }>>;
  readonly limits?: CallLimits;
  /** Milliseconds the caller has left. */
  readonly deadline?: () => number;
}

export function createDynamoClient(settings?: ClientSettings): DynamoDBClient {
  return new DynamoDBClient(clientOptions(settings));
}

const BATCH_KEYS_MAX = 100;
const BATCHES_IN_FLIGHT = 8;

/**
 * One DynamoDB table behind the port.
 *
 * A write whose answer got lost is tried again, and then our own first try may have landed: the
 * 'conflict' it meets is its own. Callers answer a conflict by reloading, which finds the write.
 * `increment` is never repeated in that case: it throws `UnavailableError` and may have counted.
 */
export function createDynamoStore(options: DynamoTable): KeyValueStore {
  const { client, table, indexes = {} } = options;
  const limits = limitedBy(options.limits ?? CALL_LIMITS, options.deadline);
  const begin = (operation: string, repeatable = true) =>
    beginCall({ operation, target: `table ${table}`, repeatable }, limits);

  async function getBatch(keys: readonly Key[]): Promise<Item[]> {
    const call = begin('BatchGetItem');
    const items: Item[] = [];
    let pending = keys.map(toWireKey);
    // Every round brings at least one key nearer, or counts as a failed try.
    while (pending.length > 0) {
      const asked = pending;
      const answer = await call(async (abortSignal) => {
        const Keys = asked;
        const RequestItems = { [table]: { Keys, ConsistentRead: true } };
        const sent = await client.send(new BatchGetItemCommand({ RequestItems }), { abortSignal });
        const left = sent.UnprocessedKeys?.[table]?.Keys ?? [];
        if (left.length >= asked.length) throw new RefusedError('no key was processed');
        return { items: sent.Responses?.[table] ?? [], left };
      });
      items.push(...answer.items.map(fromWireItem));
      pending = answer.left;
    }
    return items;
  }

  function write(
    call: Call,
    send: (abortSignal: AbortSignal) => Promise<unknown>,
  ): Promise<WriteResult> {
    return call(async (signal) => {
      try {
        await send(signal);
        return 'written';
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return 'conflict';
        throw error;
      }
    });
  }

  return {
    async getMany(keys) {
      checkDistinct(keys);
      const batches: (readonly Key[])[] = [];
      for (let at = 0; at < keys.length; at += BATCH_KEYS_MAX) {
        batches.push(keys.slice(at, at + BATCH_KEYS_MAX));
      }
      const found = await inFlight(BATCHES_IN_FLIGHT, batches, getBatch);
      const byKey = new Map(found.flat().map((item) => [identity(item), item]));
      return keys.map((key) => byKey.get(identity(key)));
    },

    async put(item, condition) {
      checkedItemBytes(item);
      const at = expression.createPlaceholders();
      const command = new PutItemCommand({
        TableName: table,
        Item: toWireItem(item),
        ...expression.conditionExpression(condition, at),
        ...at.fields(),
      });
      return write(begin('PutItem'), (abortSignal) => client.send(command, { abortSignal }));
    },

    async update(key, set, condition) {
      checkChange(key, set);
      const at = expression.createPlaceholders();
      const command = new UpdateItemCommand({
        TableName: table,
        Key: toWireKey(key),
        ...expression.updateExpression(set, at),
        ...expression.conditionExpression(condition, at),
        ...at.fields(),
      });
      return write(begin('UpdateItem'), (abortSignal) => client.send(command, { abortSignal }));
    },

    async increment(key, attribute, by, set = {}) {
      checkChange(key, { ...set, [attribute]: by });
      if (attribute in set) throw new BugError(`${attribute} is both set and incremented`);
      const at = expression.createPlaceholders();
      const command = new UpdateItemCommand({
        TableName: table,
        Key: toWireKey(key),
        ...expression.updateExpression(set, at, { attribute, by }),
        ...at.fields(),
        ReturnValues: 'UPDATED_NEW',
      });
      const call = begin('UpdateItem', false);
      const sent = await call((abortSignal) => client.send(command, { abortSignal }));
      return fromAttributeValue(sent.Attributes![attribute]!) as number;
    },

    async delete(key) {
      checkKey(key);
      const command = new DeleteItemCommand({ TableName: table, Key: toWireKey(key) });
      await begin('DeleteItem')((abortSignal) => client.send(command, { abortSignal }));
    },

    async query(range) {
      const { index, reverse = false, limit, after } = range;
      const names = index === undefined ? TABLE_KEYS : indexes[index];
      if (names === undefined) throw new BugError(`table ${table} has no index ${index}`);
      checkPage(limit);
      checkRange(range);
      // DynamoDB refuses bounds the wrong way round; nothing lies between them.
      if (isEmptyRange(range)) return { items: [] };
      const at = expression.createPlaceholders();
      const command = new QueryCommand({
        TableName: table,
        ...(index === undefined ? { ConsistentRead: true } : { IndexName: index }),
        ...expression.rangeExpression(range, names, at),
        ...at.fields(),
        ScanIndexForward: !reverse,
        ...pageFields(limit, after),
      });
      const call = begin('Query');
      return toPage(await call((abortSignal) => client.send(command, { abortSignal })));
    },

    async scan({ after, limit } = {}) {
      checkPage(limit);
      const fields = pageFields(limit, after);
      const command = new ScanCommand({ TableName: table, ConsistentRead: true, ...fields });
      const call = begin('Scan');
      return toPage(await call((abortSignal) => client.send(command, { abortSignal })));
    },
  };
}

const TABLE_KEYS = { partitionKey: 'pk', sortKey: 'sk' };

function identity({ pk, sk }: Key): string {
  return `${pk.length}:${pk}${sk}`;
}

function checkChange(key: Key, set: Parameters<KeyValueStore['update']>[1]): void {
  checkKey(key);
  if ('pk' in set || 'sk' in set) throw new BugError('an update cannot change the key');
  for (const [name, value] of Object.entries(set)) {
    if (value !== null) checkedAttributeBytes(name, value);
  }
}

function checkPage(limit: number | undefined): void {
  if (limit !== undefined && !(limit >= 1)) throw new BugError(`a page of ${limit} items`);
}

function checkRange({ index, from, to }: RangeQuery): void {
  if (index === undefined && (typeof from === 'number' || typeof to === 'number')) {
    throw new BugError('the sort key of a table is a string');
  }
}

function isEmptyRange({ from, to }: RangeQuery): boolean {
  if (from === undefined || to === undefined) return false;
  return typeof from === 'string' && typeof to === 'string'
    ? compareUtf8(from, to) > 0
    : Number(from) > Number(to);
}

function pageFields(limit: number | undefined, after: string | undefined) {
  return {
    ...(limit !== undefined && { Limit: limit }),
    ...(after !== undefined && { ExclusiveStartKey: expression.fromPageToken(after) }),
  };
}

function toPage(sent: {
  readonly Items?: Record<string, AttributeValue>[] | undefined;
  readonly LastEvaluatedKey?: Record<string, AttributeValue> | undefined;
}): Page {
  const items = (sent.Items ?? []).map(fromWireItem);
  const next = expression.toPageToken(sent.LastEvaluatedKey);
  return next === undefined ? { items } : { items, next };
}
