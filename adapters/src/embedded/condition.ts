import type { Condition, Item } from '@millrace/core/port';

/** Compares as DynamoDB does: by type, so that text is never at most a number. */
export function holds(condition: Condition | undefined, item: Item | undefined): boolean {
  switch (condition?.kind) {
    case undefined:
      return true;
    case 'absent':
      return item === undefined;
    case 'exists':
      return item !== undefined;
    case 'equals':
      return item?.[condition.attribute] === condition.value;
    case 'absentOrAtMost': {
      const held = item?.[condition.attribute];
      return held === undefined || (typeof held === 'number' && held <= condition.value);
    }
  }
}
