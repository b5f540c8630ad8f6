import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { CallLimits } from './retry';

export interface ClientSettings {
  /** Of an emulator or a private endpoint; absent = AWS. */
  readonly endpointUrl?: string | undefined;
  readonly connectionMsMax?: number;
  readonly requestMsMax?: number;
  readonly socketsMax?: number;
}

/**
 * The defaults answer within about three seconds when nothing can be reached: three tries of at
 * most 900 ms, and pauses. DynamoDB and Kinesis answer in some 10 ms.
 */
export const CALL_LIMITS = {
  attemptsMax: 3,
  attemptMsMax: 900,
  totalMsMax: 3000,
} as const satisfies CallLimits;

/** Objects are larger: a mapper's spill takes seconds. An unreachable S3 is found out by connecting. */
export const OBJECT_CALL_LIMITS = {
  attemptsMax: 3,
  attemptMsMax: 10_000,
  totalMsMax: 20_000,
} as const satisfies CallLimits;

const CONNECTION_MS_MAX = 500;
const SOCKETS_MAX = 64;

/**
 * Options every AWS client is made with. The SDK tries once and we repeat (`beginCall`), as only our
 * own limits also end a credential provider that waits for the instance metadata service.
 * Always HTTP/1.1: the Kinesis client would speak HTTP/2, on which emulators cut answers above
 * 64 KiB, and tests and production should not differ.
 */
export function clientOptions(settings: ClientSettings = {}) {
  const agent = { keepAlive: true, maxSockets: settings.socketsMax ?? SOCKETS_MAX };
  return {
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: settings.connectionMsMax ?? CONNECTION_MS_MAX,
      requestTimeout: settings.requestMsMax ?? CALL_LIMITS.attemptMsMax,
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    }),
    ...(settings.endpointUrl !== undefined && { endpoint: settings.endpointUrl }),
  };
}
