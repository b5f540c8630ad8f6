/**
 * `npm run test:faults`: generated streams under every fault plan, checked against the reference, a run
 * without faults, and an observer of everything that lands. A failing seed is shrunk.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkSeed, type SeedResult } from '../tests/faults/check-seed';
import { shrink } from '../tests/faults/shrink';
import { neverStruck } from '../tests/faults/vocabulary';

const USAGE = `npm run test:faults -- [--seeds N] [--first N] [--seed N] [--plan NAME] [--only FILE]
                          [--stop] [--brief] [--jobs N]
  --seeds 30                 fewer seeds (1000); of fewer not every kind of fault need strike
  --seed 17 --plan zombies   one seed, under one plan
  --stop                     end with the first red seed`;

const { values } = readOptions();

function readOptions() {
  const options = {
    seeds: { type: 'string', default: '1000' },
    first: { type: 'string', default: '1' },
    seed: { type: 'string' },
    plan: { type: 'string' },
    only: { type: 'string' },
    stop: { type: 'boolean', default: false },
    brief: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '1' },
    part: { type: 'string' },
    help: { type: 'boolean', default: false },
  } as const;
  try {
    const parsed = parseArgs({ options });
    for (const name of ['seeds', 'first', 'seed', 'jobs'] as const) {
      const text = parsed.values[name];
      if (text === undefined || /^[1-9]\d*$/.test(text)) continue;
      throw new Error(`--${name}: expected a whole number from 1, got "${text}"`);
    }
    if (!parsed.values.help) return parsed;
    process.stdout.write(`${USAGE}\n`);
    process.exit(0);
  } catch (error) {
    process.stderr.write(`test:faults: ${(error as Error).message}\n${USAGE}\n`);
    process.exit(2);
  }
}

const FOLDER = '.millrace/faults';
/** A seed that takes longer is worth a look: it is a third of a second by itself. */
const SLOW_MS = 15_000;
/** Shrinking takes a run for each try: the first failures say enough. */
const SHRUNK_MAX = 3;
/** A run of so many seeds has seen every kind of fault, or something is wrong with the faults. */
const FULL_SEEDS = 1000;
const say = (line: string) => process.stdout.write(`${line}\n`);
const plan = values.plan === undefined ? {} : { plan: values.plan };

async function attempt(seed: number, only?: readonly string[]): Promise<SeedResult | Error> {
  try {
    return await checkSeed(seed, { ...plan, ...(only && { only }), twice: seed % 50 === 0 });
  } catch (error) {
    return error as Error;
  }
}

function violationsOf(result: SeedResult | Error): readonly string[] {
  return result instanceof Error ? [`did not end: ${result.message}`] : result.violations;
}

async function explain(seed: number, result: SeedResult | Error): Promise<void> {
  for (const line of violationsOf(result).slice(0, 5)) say(`  ${line.slice(0, 400)}`);
  if (result instanceof Error) {
    say(`  ${result.stack?.split('\n')[1]?.trim()}`);
    return;
  }
  const fails = async (only: readonly string[]) =>
    violationsOf(await attempt(seed, only)).length > 0;
  const shortest = (await fails(result.injected)) ? await shrink(result.injected, fails) : null;
  if (shortest === null) {
    say('  fails only with more faults than are named');
    return;
  }
  mkdirSync(FOLDER, { recursive: true });
  const file = `${FOLDER}/seed-${seed}.json`;
  writeFileSync(file, `${JSON.stringify({ plan: result.plan, only: shortest }, null, 2)}\n`);
  say(`  still fails with ${shortest.length} of ${result.injected.length} faults:`);
  for (const name of shortest.slice(0, 20)) say(`    ${name}`);
  say(`  again: npm run test:faults -- --seed ${seed} --only ${file}`);
}

/** What some seeds came to; the parts of a run on several processors are added up. */
interface Totals {
  records: number;
  deliveries: number;
  violations: number;
  red: number;
  readonly counts: Record<string, number>;
  readonly details: Record<string, number>;
}

function newTotals(): Totals {
  return { records: 0, deliveries: 0, violations: 0, red: 0, counts: {}, details: {} };
}

/** Null when it stopped at the first red seed. */
async function runSeeds(first: number, count: number, only?: string[]): Promise<Totals | null> {
  const total = newTotals();
  for (let seed = first; seed < first + count; seed += 1) {
    const startMs = performance.now();
    const result = await attempt(seed, only);
    const tookMs = performance.now() - startMs;
    if (tookMs > SLOW_MS) {
      process.stderr.write(`seed ${seed} took ${Math.round(tookMs / 1000)} s\n`);
    }
    const done = seed - first + 1;
    if (done % 50 === 0) process.stderr.write(`${done} of ${count} seeds, ${total.red} red\n`);
    const violations = violationsOf(result);
    if (violations.length > 0 && values.stop) {
      const name = result instanceof Error ? 'any plan' : result.plan;
      say(`seed ${seed} (${name}): ${violations[0]?.slice(0, 160)}`);
      return null;
    }
    if (violations.length > 0) {
      total.red += 1;
      total.violations += violations.length;
      say(`seed ${seed} (${result instanceof Error ? '' : result.plan}) is red:`);
      const isShrunk = total.red <= SHRUNK_MAX && only === undefined && !values.brief;
      if (isShrunk) await explain(seed, result);
      else for (const line of violations.slice(0, 5)) say(`  ${line.slice(0, 400)}`);
    }
    if (result instanceof Error) continue;
    total.records += result.records;
    total.deliveries += result.deliveries;
    addTo(total.counts, result.counts);
    addTo(total.details, result.details);
  }
  return total;
}

/** The seeds in as many processes, each with its share of them. */
async function runJobs(first: number, count: number, jobs: number): Promise<Totals> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-faults-'));
  const parts = Array.from({ length: jobs }, (_, index) => {
    const from = first + Math.floor((count * index) / jobs);
    const to = first + Math.floor((count * (index + 1)) / jobs);
    return { from, seeds: to - from, file: join(folder, `${index}.json`) };
  });
  const script = process.argv[1] as string;
  const more = [
    ...(values.brief ? ['--brief'] : []),
    ...(values.plan === undefined ? [] : ['--plan', values.plan]),
  ];
  await Promise.all(
    parts.map(async ({ from, seeds, file }) => {
      const range = ['--first', String(from), '--seeds', String(seeds), '--part', file];
      const args = [...process.execArgv, script, ...range, ...more];
      await once(spawn(process.execPath, args, { stdio: 'inherit' }), 'exit');
    }),
  );
  const total = newTotals();
  for (const { file } of parts) {
    const part = JSON.parse(readFileSync(file, 'utf8')) as Totals;
    for (const name of ['records', 'deliveries', 'violations', 'red'] as const) {
      total[name] += part[name];
    }
    addTo(total.counts, part.counts);
    addTo(total.details, part.details);
  }
  rmSync(folder, { recursive: true });
  return total;
}

/** A minute of a thousand bad records a second; it prints what was red. Answers its exit code. */
async function runFlood(): Promise<number> {
  const env = { ...process.env, MILLRACE_FLOOD: '1' };
  const jest = spawn('npx', ['jest', 'tests/faults/flood'], { stdio: 'inherit', env });
  const [code] = await once(jest, 'exit');
  say(code === 0 ? 'the flood: not red' : 'the flood is red');
  return Number(code ?? 1);
}

async function main(): Promise<void> {
  const first = Number(values.seed ?? values.first);
  const count = values.seed === undefined ? Number(values.seeds) : 1;
  const jobs = Math.min(Number(values.jobs), count);
  const file = values.only === undefined ? null : JSON.parse(readFileSync(values.only, 'utf8'));
  if (file !== null) Object.assign(plan, { plan: file.plan });
  const startMs = performance.now();
  const isWhole = jobs <= 1 || values.stop || file !== null;
  const total = isWhole
    ? await runSeeds(first, count, file?.only)
    : await runJobs(first, count, jobs);
  process.exitCode = total === null || total.red > 0 ? 1 : 0;
  if (total === null) return;
  if (values.part !== undefined) {
    writeFileSync(values.part, JSON.stringify(total));
    return;
  }
  const seconds = Math.round((performance.now() - startMs) / 1000);
  say(`${count} seeds, ${total.records} records, ${total.deliveries} deliveries, ${seconds} s`);
  list(total.counts);
  say('of these, and what came of them:');
  list(total.details);
  const outcome = total.red === 0 ? 'none red' : `${total.red} red, ${total.violations} violations`;
  say(`${count} seeds, ${outcome}`);
  if (count < FULL_SEEDS) return;
  if ((await runFlood()) !== 0) process.exitCode = 1;
  const never = neverStruck({ ...total.counts, ...total.details });
  for (const name of never) say(`never struck: ${name}`);
  if (never.length === 0) say('every kind of fault has struck');
  else process.exitCode = 1;
}

function addTo(sum: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [name, n] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + n;
}

function list(counts: Readonly<Record<string, number>>): void {
  for (const [name, n] of Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1))) {
    say(`  ${name} ${n}`);
  }
}

main();
