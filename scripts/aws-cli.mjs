// The AWS CLI for the tests that follow the manual: its pages print `aws` commands, and nothing else of the
// repository needs it.
import { dirname } from 'node:path';
import { pythonWith } from './emulator.mjs';

const VERSION = '1.46.3';

/**
 * Folder of the `aws` command, made when needed.
 * Throws `CannotRun` with the reason when the machine lacks Python or the package index.
 */
export function awsCliFolder({ log = console.error } = {}) {
  const version = { requirement: 'awscli', version: VERSION };
  return dirname(pythonWith({ name: 'AWS CLI', folder: '.venv-aws-cli', log, ...version }));
}
