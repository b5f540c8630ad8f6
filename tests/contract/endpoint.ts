import { randomUUID } from 'node:crypto';

const TEST_MS_MAX = 60_000;

/** Where the emulated services are; scripts/test-contract.mjs starts them and sets it. */
export function contractEndpoint(): string {
  const endpointUrl = process.env.MILLRACE_ENDPOINT;
  if (endpointUrl === undefined) {
    throw new Error('MILLRACE_ENDPOINT is not set: run these files with `npm run test:contract`');
  }
  // Emulators answer in milliseconds, but they share the machine with other tests.
  jest.setTimeout(TEST_MS_MAX);
  process.env.AWS_REGION ??= 'us-east-1';
  process.env.AWS_ACCESS_KEY_ID ??= 'local';
  process.env.AWS_SECRET_ACCESS_KEY ??= 'local';
  return endpointUrl;
}

export function uniqueName(kind: string): string {
  return `${kind}-${randomUUID()}`;
}
