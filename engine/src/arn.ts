/** What stands in for a region and an account in every ARN and event of the engine. */
export const REGION = 'local';
export const ACCOUNT = '000000000000';

/** @example localArn('kinesis', 'stream/Events') === 'arn:aws:kinesis:local:000000000000:stream/Events' */
export function localArn(service: string, resource: string): string {
  return `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;
}
