import { tmpdir } from 'node:os';
import { join } from 'node:path';

const NAMES = [
  'AWS_REGION',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_PROFILE',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_EC2_METADATA_SERVICE_ENDPOINT',
  'AWS_EC2_METADATA_DISABLED',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
];

/** Within the tests of a file the AWS settings are exactly these, whatever the machine has. */
export function useAwsEnvironment(settings: Readonly<Record<string, string>>): void {
  const before = Object.fromEntries(NAMES.map((name) => [name, process.env[name]]));
  const apply = (values: Readonly<Record<string, string | undefined>>) => {
    for (const name of NAMES) {
      const value = values[name];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
  const absent = join(tmpdir(), 'millrace-no-such-file');
  const files = { AWS_CONFIG_FILE: absent, AWS_SHARED_CREDENTIALS_FILE: absent };
  beforeAll(() => apply({ AWS_REGION: 'us-east-1', ...files, ...settings }));
  afterAll(() => apply(before));
}

export const SOME_CREDENTIALS = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
