import { localArn } from '../arn';

/** The second argument of a Lambda handler; times are on the scheduler's clock. */
export interface LambdaContext {
  callbackWaitsForEmptyEventLoop: boolean;
  readonly functionName: string;
  readonly functionVersion: string;
  readonly invokedFunctionArn: string;
  readonly memoryLimitInMB: string;
  readonly awsRequestId: string;
  readonly logGroupName: string;
  readonly logStreamName: string;
  getRemainingTimeInMillis(): number;
}

export type Handler = (event: unknown, context: LambdaContext) => Promise<unknown>;

export interface ContextOptions {
  readonly functionName: string;
  readonly memoryMb: number;
  readonly requestId: string;
  readonly deadlineMs: number;
  readonly nowMs: () => number;
}

export function createContext(options: ContextOptions): LambdaContext {
  const { functionName, memoryMb, requestId, deadlineMs, nowMs } = options;
  const day = new Date(nowMs()).toISOString().slice(0, 10).replaceAll('-', '/');
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: localArn('lambda', `function:${functionName}`),
    memoryLimitInMB: String(memoryMb),
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: `${day}/[$LATEST]${requestId.replaceAll('-', '')}`,
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - nowMs()),
  };
}
