/**
 * What a cold start costs: bytes of the consumer's bundle and the CPU of loading it, as the template builds
 * it and as esbuild does by default, in turn within one run.
 *   npm run bench:cold-start [-- --json]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Resource } from '../../tests/contract/template/document';
import { template } from '../../tests/contract/template/document';
import { bundleFunction, environmentOf } from '../../tests/helper/bundle';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 21);
const BYTES_GOAL = 384 * 1024;
const RATIO_GOAL = 0.55;
const NAME = 'StreamConsumer';

/** CPU of a process that does nothing, and of loading the bundle on top of that. */
const LOAD = `
  const began = process.cpuUsage();
  require('./handler.js');
  setImmediate(() => {
    const { user, system } = process.cpuUsage(began);
    process.stdout.write(String(user + system));
    process.exit(0);
  });
`;

interface Build {
  readonly name: string;
  readonly folder: string;
  readonly env: Record<string, string>;
  readonly bytes: number;
}

function main(): void {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-cold-'));
  try {
    const builds = buildsIn(folder);
    const cpuUs = builds.map((): number[] => []);
    for (let round = -2; round < ROUNDS; round += 1) {
      for (let turn = 0; turn < builds.length; turn += 1) {
        const at = (turn + Math.abs(round)) % builds.length;
        const us = loadUs(builds[at] as Build);
        if (round >= 0) cpuUs[at]?.push(us);
      }
    }
    report(builds, cpuUs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function buildsIn(folder: string): Build[] {
  const document = template();
  const resource = document.Resources[NAME] as Resource;
  const env = environmentOf(document, resource);
  const kinds = [
    { name: 'default esbuild (cjs, minified)', overrides: DEFAULTS },
    { name: "the template's settings", overrides: {} },
  ];
  return kinds.map(({ name, overrides }, at) => {
    const outdir = join(folder, String(at));
    bundleFunction(resource, outdir, overrides);
    return { name, folder: outdir, env, bytes: statSync(join(outdir, 'handler.js')).size };
  });
}

/** What `esbuild --bundle --platform=node --minify handler.ts` would do. */
const DEFAULTS = {
  mainFields: ['main', 'module'],
  external: [],
  keepNames: false,
};

function loadUs({ folder, env }: Build): number {
  const node = process.env.MILLRACE_NODE ?? process.execPath;
  const child = spawnSync(node, ['-e', LOAD], {
    cwd: folder,
    encoding: 'utf8',
    env: {
      ...env,
      AWS_REGION: 'us-east-1',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    },
  });
  const us = Number(child.stdout);
  if (!(us > 0)) throw new Error(`${folder} did not load: ${child.stderr}`);
  return us;
}

function report(builds: readonly Build[], cpuUs: readonly (readonly number[])[]): void {
  const [base = [], own = []] = cpuUs;
  const ratio = median(own.map((us, round) => us / (base[round] as number)));
  const bytes = (builds[1] as Build).bytes;
  const rows = builds.map(({ name, bytes }, at) => ({
    bundle: name,
    bytes,
    'init CPU ms': Number((median(cpuUs[at] as number[]) / 1000).toFixed(1)),
  }));
  const goals = { bytes: bytes <= BYTES_GOAL, ratio: ratio <= RATIO_GOAL };
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify({ rounds: ROUNDS, rows, ratio, goals }));
    return;
  }
  console.log(`cold start of ${NAME}, median of ${ROUNDS} rounds`);
  console.table(rows);
  console.log(`bytes ${bytes}, goal at most ${BYTES_GOAL}: ${goals.bytes ? 'met' : 'MISSED'}`);
  console.log(
    `init CPU ${ratio.toFixed(2)} of the default's, goal ${RATIO_GOAL}: ${goals.ratio ? 'met' : 'MISSED'}`,
  );
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

main();
