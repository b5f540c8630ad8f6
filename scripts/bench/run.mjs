// Bundles the benchmark with the settings of the template's functions and runs it: what is measured is
// what is deployed, not what a TypeScript loader makes of it.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const outfile = `${root}.millrace/bench/main.cjs`;
mkdirSync(`${root}.millrace/bench`, { recursive: true });
buildSync({
  absWorkingDir: root,
  entryPoints: ['scripts/bench/main.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  mainFields: ['module', 'main'],
  minify: true,
  keepNames: process.env.BENCH_KEEP_NAMES !== '0',
  external: ['lmdb'],
});
const { status } = spawnSync(process.execPath, ['--expose-gc', outfile], { stdio: 'inherit' });
process.exit(status ?? 1);
