/**
 * `npm run test:faults`: generated streams under every fault plan, checked against the reference, a run
 * without faults, and an observer of everything that lands. A failing seed is shrunk.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { checkSeed, type SeedResult } from '../tests/faults/check-seed';
import { shrink } from '../tests/faults/shrink';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    first: { type: 'string', default: '1' },
    seed: { type: 'string' },
    plan: { type: 'string' },
    only: { type: 'string' },
    stop: { type: 'boolean', default: false },
  },
});

const FOLDER = '.millrace/faults';
/** A seed that takes longer is worth a look: it is a third of a second by itself. */
const SLOW_MS = 15_000;
/** Shrinking takes a run for each try: the first failures say enough. */
const SHRUNK_MAX = 3;
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

async function main(): Promise<void> {
  const first = Number(values.seed ?? values.first);
  const count = values.seed === undefined ? Number(values.seeds) : 1;
  const file = values.only === undefined ? null : JSON.parse(readFileSync(values.only, 'utf8'));
  if (file !== null) Object.assign(plan, { plan: file.plan });
  const total = { records: 0, deliveries: 0, violations: 0, red: 0 };
  const kinds = new Map<string, number>();
  const startMs = performance.now();
  for (let seed = first; seed < first + count; seed += 1) {
    const seedMs = performance.now();
    const result = await attempt(seed, file?.only);
    if (performance.now() - seedMs > SLOW_MS) {
      process.stderr.write(
        `seed ${seed} took ${Math.round((performance.now() - seedMs) / 1000)} s\n`,
      );
    }
    const done = seed - first + 1;
    if (done % 100 === 0) process.stderr.write(`${done} of ${count} seeds, ${total.red} red\n`);
    const violations = violationsOf(result);
    if (violations.length > 0 && values.stop) {
      const name = result instanceof Error ? 'any plan' : result.plan;
      say(`seed ${seed} (${name}): ${violations[0]?.slice(0, 160)}`);
      process.exitCode = 1;
      return;
    }
    if (violations.length > 0) {
      total.red += 1;
      total.violations += violations.length;
      say(`seed ${seed} (${result instanceof Error ? '' : result.plan}) is red:`);
      if (total.red <= SHRUNK_MAX && file === null) await explain(seed, result);
      else for (const line of violations.slice(0, 5)) say(`  ${line.slice(0, 400)}`);
    }
    if (result instanceof Error) continue;
    total.records += result.records;
    total.deliveries += result.deliveries;
    for (const [kind, n] of Object.entries(result.counts))
      kinds.set(kind, (kinds.get(kind) ?? 0) + n);
  }
  const seconds = Math.round((performance.now() - startMs) / 1000);
  say(`${count} seeds, ${total.records} records, ${total.deliveries} deliveries, ${seconds} s`);
  for (const [kind, n] of [...kinds].sort(([a], [b]) => (a < b ? -1 : 1))) say(`  ${kind} ${n}`);
  say(`${total.violations} violations in ${total.red} seeds`);
  process.exitCode = total.red > 0 ? 1 : 0;
}

main();
