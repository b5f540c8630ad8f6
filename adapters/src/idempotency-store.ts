import {
  IdempotencyItemAlreadyExistsError,
  IdempotencyItemNotFoundError,
} from '@aws-lambda-powertools/idempotency';
import {
  BasePersistenceLayer,
  IdempotencyRecord,
} from '@aws-lambda-powertools/idempotency/persistence';
import type { Clock, Item, Key, KeyValueStore } from '@millrace/core/port';

type Saved = Parameters<BasePersistenceLayer['saveInProgress']>[0];

/**
 * Powertools' idempotency records in a table of ours, so that the same code runs on a laptop.
 * Powertools' own layer for DynamoDB brings its own client and knows no other ground.
 *
 * Items: `pk` = `IDEM#<prefix>#<hash>`, `sk` = `-`, `status`, `freeAtMs` (when the key may be taken
 * again: the end of the invocation that is at work, or of a completed record), `data`, `ttl`.
 * Times are of the port's clock, which may be virtual; Powertools reads the host's.
 */
export class IdempotencyStore extends BasePersistenceLayer {
  private readonly table: KeyValueStore;
  private readonly clock: Clock;
  private leaseMs = 0;

  constructor(table: KeyValueStore, clock: Clock) {
    super();
    this.table = table;
    this.clock = clock;
  }

  /** @param remainingMs of the invocation: until then a death leaves the key taken */
  override saveInProgress(data: Saved, remainingMs = 0): Promise<void> {
    // Reaches `_putRecord` before anything else can run.
    this.leaseMs = remainingMs;
    // A zombie has no time left, and Powertools would complain on the console.
    return super.saveInProgress(data, Math.max(1, remainingMs));
  }

  protected override async _putRecord({ idempotencyKey }: IdempotencyRecord): Promise<void> {
    const nowMs = this.clock.nowMs();
    const freeAtMs = nowMs + this.leaseMs;
    const item = { ...keyOf(idempotencyKey), status: 'INPROGRESS', freeAtMs, ttl: this.ttl(nowMs) };
    // Free: no such item, or one whose time is over. Powertools' layer has three conditions here.
    const condition = { kind: 'absentOrAtMost', attribute: 'freeAtMs', value: nowMs } as const;
    if ((await this.table.put(item, condition)) === 'written') return;
    throw new IdempotencyItemAlreadyExistsError(`taken: ${idempotencyKey}`);
  }

  protected override async _getRecord(idempotencyKey: string): Promise<IdempotencyRecord> {
    const [item] = await this.table.getMany([keyOf(idempotencyKey)]);
    if (item === undefined) throw new IdempotencyItemNotFoundError();
    return this.recordOf(idempotencyKey, item);
  }

  protected override async _updateRecord(record: IdempotencyRecord): Promise<void> {
    const nowMs = this.clock.nowMs();
    const item: Item = {
      ...keyOf(record.idempotencyKey),
      status: 'COMPLETED',
      freeAtMs: nowMs + this.expiresAfterSeconds * 1000,
      ttl: this.ttl(nowMs),
    };
    const data = JSON.stringify(record.responseData);
    await this.table.put(data === undefined ? item : { ...item, data });
  }

  protected override async _deleteRecord({ idempotencyKey }: IdempotencyRecord): Promise<void> {
    await this.table.delete(keyOf(idempotencyKey));
  }

  private recordOf(idempotencyKey: string, item: Item): IdempotencyRecord {
    const leftMs = Number(item.freeAtMs) - this.clock.nowMs();
    return new IdempotencyRecord({
      idempotencyKey,
      status: item.status === 'COMPLETED' ? 'COMPLETED' : 'INPROGRESS',
      expiryTimestamp: (Date.now() + leftMs) / 1000,
      ...(item.data === undefined ? {} : { responseData: JSON.parse(String(item.data)) }),
    });
  }

  private ttl(nowMs: number): number {
    return Math.ceil(nowMs / 1000) + this.expiresAfterSeconds;
  }
}

function keyOf(idempotencyKey: string): Key {
  return { pk: `IDEM#${idempotencyKey}`, sk: '-' };
}
