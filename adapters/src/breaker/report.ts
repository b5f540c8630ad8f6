import type { Log } from '@millrace/core/port';
import type { BreakerOptions } from './breaker';
import type { BreakerState } from './state';

export interface BreakerReport {
  readonly sink: string;
  readonly log: Log;
  /** Of the stack; the metric's one dimension is the service. */
  readonly namespace: string;
  readonly service: string;
  readonly nowMs: () => number;
  /** Not by the logger: CloudWatch reads a metric only from a line that is nothing else. */
  readonly write: (line: string) => void;
}

/**
 * What an operator sees of a breaker: a sentence for each change, and the metric `BreakerOpen`, 1 with
 * each call that is not made and 0 when it closes. A breaker that stays closed costs no line.
 */
export function reportBreaker(
  report: BreakerReport,
): Required<Pick<BreakerOptions, 'onChange' | 'onRefused'>> {
  const { sink, log, namespace, service, nowMs, write } = report;
  const Metrics = [{ Name: 'BreakerOpen', Unit: 'None' }];
  const directive = { Namespace: namespace, Dimensions: [['service']], Metrics };

  function measure(BreakerOpen: 0 | 1): void {
    const _aws = { Timestamp: nowMs(), CloudWatchMetrics: [directive] };
    write(`${JSON.stringify({ _aws, service, BreakerOpen })}\n`);
  }

  function say({ state, untilMs, fails, owner }: BreakerState): void {
    const fields = { sink, until: new Date(untilMs).toISOString(), fails, owner };
    if (state === 'closed') log.info('A circuit breaker closed: the sink answers again.', { sink });
    else if (state === 'open')
      log.warn('A circuit breaker opened: the sink is left alone.', fields);
    else log.info('A circuit breaker lets one call through, to see.', fields);
  }

  return {
    onChange: (state) => {
      measure(state.state === 'closed' ? 0 : 1);
      say(state);
    },
    onRefused: () => measure(1),
  };
}
