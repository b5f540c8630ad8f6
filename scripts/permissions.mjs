// npm run permissions: runs the functions on emulators, notes which permissions their requests need in
// tests/contract/permissions/calls.json, and writes docs/reference/permissions.md from that and from
// template.yaml. What is sent without a permission fails here as in `npm run test:contract`.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = 'tests/contract/permissions';
const env = { ...process.env, MILLRACE_RECORD_PERMISSIONS: 'true' };

// One file after the other: they write the same list. The page comes of the whole of it.
const watched = contractTests(`${FOLDER}/.*\\.(aws|moto)\\.test`);
process.exitCode = contractTests(`${FOLDER}/permissions\\.test`) || watched;

function contractTests(pattern) {
  const args = ['scripts/test-contract.mjs', '--runInBand', pattern];
  return spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit', env }).status ?? 1;
}
