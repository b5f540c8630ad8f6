import type { StreamMappingSettings } from '../kinesis/settings';
import type { FilterPattern } from './filter';

/** An event source mapping of a table's stream, as the template sets it. */
export interface TableStreamSource extends StreamMappingSettings {
  readonly kind: 'dynamodb';
  /** Logical id of the table. */
  readonly table: string;
  /** A record passes when one of them matches; none = every record. */
  readonly filters: readonly FilterPattern[];
}
