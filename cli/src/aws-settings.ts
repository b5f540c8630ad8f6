import { UsageError } from './exit';

/** What the SDK throws as a plain error, before it asks anybody, and what the user then has to set. */
const UNSET: readonly (readonly [message: RegExp, problem: string])[] = [
  [
    /^Region is missing$/,
    'AWS_REGION: expected the region of the stack or stream, such as "eu-central-1", got nothing',
  ],
  [
    /^Could not load credentials from any providers$/,
    'AWS credentials: found none; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  ],
];

/** Tells of a missing region or missing credentials as something to set, not as a failure. */
export function refuseUnset(error: unknown): void {
  if (!(error instanceof Error)) return;
  const problem = UNSET.find(([message]) => message.test(error.message))?.[1];
  if (problem !== undefined) throw new UsageError(`millrace: ${problem}`, { cause: error });
}
