import type { Log } from '@millrace/core/port';
import { say } from '../../output';

/** A retry storm says the same thing thousands of times. */
const LINES_PER_MESSAGE_MAX = 10;

/** Under faults every warning is expected; what is not is told by the results. */
export function createQuietLog(): Log {
  return { info() {}, warn() {}, error() {} };
}

/** What the handlers log at WARN and ERROR, as lines on stderr; their INFO lines are for operators. */
export function createReplayLog(): Log {
  const shown = new Map<string, number>();
  const print = (level: string, message: string, fields?: Readonly<Record<string, unknown>>) => {
    const count = (shown.get(message) ?? 0) + 1;
    shown.set(message, count);
    if (count > LINES_PER_MESSAGE_MAX) return;
    const details = fields === undefined ? '' : ` ${JSON.stringify(fields)}`;
    const last = count === LINES_PER_MESSAGE_MAX ? ' (more of these are not shown)' : '';
    say(`${level}: ${message}${details}${last}`);
  };
  return {
    info() {},
    warn: (message, fields) => print('warning', message, fields),
    error: (message, fields) => print('error', message, fields),
  };
}
