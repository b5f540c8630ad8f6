import { randomUUID } from 'node:crypto';
import type { KeyValueStore, Log } from '@millrace/core/port';
import { systemClock } from '../system-clock';
import { type Breaker, createBreaker } from './breaker';
import { reportBreaker } from './report';

export interface SinkBreakerOptions {
  /** `timestream`: names the item and what an operator reads. */
  readonly sink: string;
  readonly control: KeyValueStore;
  readonly log: Log;
  /** Of the metric, as is `service`. */
  readonly namespace: string;
  readonly service: string;
}

/** The breaker of a function that is deployed; made once, in the init phase, as a container is one owner. */
export function createSinkBreaker(options: SinkBreakerOptions): Breaker {
  const { sink, control, log, namespace, service } = options;
  const { nowMs } = systemClock;
  const write = (line: string) => process.stdout.write(line);
  return createBreaker({
    ...{ sink, control, clock: systemClock, owner: randomUUID(), random: Math.random },
    ...reportBreaker({ sink, log, namespace, service, nowMs, write }),
  });
}
