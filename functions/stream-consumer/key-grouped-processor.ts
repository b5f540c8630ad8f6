import { BasePartialBatchProcessor, EventType } from '@aws-lambda-powertools/batch';
import type {
  BaseRecord,
  FailureResponse,
  SuccessResponse,
} from '@aws-lambda-powertools/batch/types';

/** The first record that is not committed and written: everything from it on comes again. */
export interface FirstFailure {
  readonly at: number;
  readonly error: Error;
}

export function failureOf(at: number, error: unknown): FirstFailure {
  return { at, error: asError(error) };
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/**
 * A Powertools batch processor that hands the batch over whole and reports one record: the first that
 * failed. Powertools' own processors go on after a failure (in parallel by default), which with a
 * high-water mark loses records, and Lambda restarts at the lowest reported number anyway.
 *
 * Made per invocation: its state belongs to one batch.
 */
export class KeyGroupedProcessor extends BasePartialBatchProcessor {
  constructor() {
    super(EventType.KinesisDataStreams);
  }

  override async process(): Promise<(SuccessResponse | FailureResponse)[]> {
    this.prepare();
    const failure = (await this.handler(this.records)) as FirstFailure | null;
    const reported =
      failure === null
        ? []
        : [this.failureHandler(this.records[failure.at] as never, failure.error)];
    this.clean();
    return reported;
  }

  override processRecord(_record: BaseRecord): Promise<SuccessResponse | FailureResponse> {
    throw new Error('this processor takes whole batches');
  }

  override processRecordSync(_record: BaseRecord): SuccessResponse | FailureResponse {
    throw new Error('this processor takes whole batches');
  }
}
