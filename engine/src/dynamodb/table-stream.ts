import { localArn } from '../arn';
import type { Scheduler } from '../scheduler';
import type { LoadedRecord } from '../stream/shard';
import { createStream, type EngineStream } from '../stream/stream';
import { type ChangeName, nameOfChange, type TableChange, wireItem } from './change';

export interface TableStreamOptions {
  /** Logical id of the table. */
  readonly table: string;
  readonly scheduler: Scheduler;
  readonly keys: { readonly partitionKey: string; readonly sortKey: string | null };
  /** StreamViewType of the table; new images unless told. */
  readonly view?: StreamView;
}

export type StreamView = 'KEYS_ONLY' | 'NEW_IMAGE' | 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES';

/** What `data` of a record holds, as JSON: the parts of an event record that the change decides. */
export interface ChangeRecord {
  readonly eventName: ChangeName;
  readonly dynamodb: Readonly<Record<string, unknown>>;
}

const SHARD = 'shardId-00000000000000000000-00000000';

/**
 * The stream of a table: whoever owns the table appends its writes, in their order. One shard, as a
 * small table has; the changes of an item are in order in any case.
 */
export class EngineTableStream {
  readonly table: string;
  readonly arn: string;
  /** What a mapping reads. */
  readonly stream: EngineStream;
  private readonly options: TableStreamOptions;
  private appended = 0;

  constructor(options: TableStreamOptions) {
    this.options = options;
    this.table = options.table;
    this.arn = localArn('dynamodb', `table/${options.table}/stream/2026-01-01T00:00:00.000`);
    const shards = [{ id: SHARD, parent: null, adjacent: null, hash: null }];
    this.stream = createStream({ name: options.table, scheduler: options.scheduler, shards });
  }

  append(change: TableChange): void {
    const eventName = nameOfChange(change);
    if (eventName === null) return;
    const { scheduler, keys } = this.options;
    const partitionKey = String((change.next ?? change.old)?.[keys.partitionKey]);
    // As many digits as DynamoDB's have at least.
    const sequence = `1${String(this.appended++).padStart(20, '0')}`;
    const data = JSON.stringify({ eventName, dynamodb: this.images(change) });
    const arrivalMs = scheduler.nowMs;
    this.stream.load([{ shard: SHARD, sequence, partitionKey, arrivalMs, data }]);
  }

  private images({ old, next }: TableChange): ChangeRecord['dynamodb'] {
    const { keys, view = 'NEW_IMAGE' } = this.options;
    const item = (next ?? old)!;
    const names = [keys.partitionKey, keys.sortKey].filter((name) => name !== null);
    const Keys = wireItem(Object.fromEntries(names.map((name) => [name, item[name]!])));
    const hasNew = next !== undefined && /NEW/.test(view);
    const hasOld = old !== undefined && /OLD/.test(view);
    return {
      Keys,
      ...(hasNew && { NewImage: wireItem(next) }),
      ...(hasOld && { OldImage: wireItem(old) }),
      StreamViewType: view,
    };
  }
}

export function createTableStream(options: TableStreamOptions): EngineTableStream {
  return new EngineTableStream(options);
}

export function readChange(record: LoadedRecord): ChangeRecord {
  return JSON.parse(record.data) as ChangeRecord;
}
