/**
 * What a failed call says about itself:
 * - `refused`: it certainly did nothing; try again.
 * - `unclear`: it may have been carried out and only the answer is missing; try again if that is safe.
 * - `permanent`: trying again soon is pointless (no permission, no table, no credentials).
 * - `bug`: the request itself is wrong and will be for ever.
 */
export type FailureKind = 'refused' | 'unclear' | 'permanent' | 'bug';

/** Undefined for errors that are not of a call at all, such as a mistake in our own code. */
export function failureKindOf(error: unknown): FailureKind | undefined {
  if (!(error instanceof Error)) return undefined;
  const { name, code, $metadata } = error as ServiceError;
  const known = KIND_OF_NAME[name] ?? (code === undefined ? undefined : KIND_OF_NAME[code]);
  if (known !== undefined) return known;
  const status = $metadata?.httpStatusCode;
  if (status === 429) return 'refused';
  if (status !== undefined) return status >= 500 ? 'unclear' : 'permanent';
  // An answer that was cut off fails in the SDK's parser, which attaches it to the error.
  if ('$response' in error || '$responseBodyText' in error) return 'unclear';
  // Node gives codes to mistakes of its callers too.
  if (error instanceof TypeError || error instanceof RangeError) return undefined;
  return code === undefined && $metadata === undefined ? undefined : 'unclear';
}

interface ServiceError extends Error {
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const KIND_OF_NAME: Readonly<Record<string, FailureKind>> = {
  // Throttling, in the words of five services.
  ProvisionedThroughputExceededException: 'refused',
  ThrottlingException: 'refused',
  ThrottledException: 'refused',
  Throttled: 'refused',
  Throttling: 'refused',
  KMSThrottling: 'refused',
  KMSThrottlingException: 'refused',
  RequestLimitExceeded: 'refused',
  TooManyRequestsException: 'refused',
  LimitExceededException: 'refused',
  SlowDown: 'refused',
  // S3: another conditional create of the key is under way, or the bytes never arrived.
  ConditionalRequestConflict: 'refused',
  OperationAborted: 'refused',
  RequestTimeout: 'refused',
  // No connection was made.
  ECONNREFUSED: 'refused',
  ENOTFOUND: 'refused',
  EAI_AGAIN: 'refused',
  EHOSTUNREACH: 'refused',
  ENETUNREACH: 'refused',
  // The connection broke, or nobody answered in time.
  ECONNRESET: 'unclear',
  EPIPE: 'unclear',
  ETIMEDOUT: 'unclear',
  TimeoutError: 'unclear',
  AbortError: 'unclear',
  CredentialsProviderError: 'permanent',
  TokenProviderError: 'permanent',
  ValidationException: 'bug',
  SerializationException: 'bug',
  InvalidArgumentException: 'bug',
  InvalidParameter: 'bug',
  InvalidParameterException: 'bug',
  InvalidParameterValueException: 'bug',
  EntityTooLarge: 'bug',
  KeyTooLongError: 'bug',
  MetadataTooLarge: 'bug',
};
