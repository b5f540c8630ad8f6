/** The recordings made to break things, under every fault there is: each record is accounted for. */
import { readFileSync } from 'node:fs';
import { parsePipeline } from '@millrace/core/pipeline/parse';
import { readTemplate } from '@millrace/engine';
import { missing } from '../../cli/src/replay/accounting';
import { createFaultRun, type FaultRun } from '../../cli/src/replay/faults';
import { readFaultPlan } from '../../cli/src/replay/faults-plan';
import { disturbSource } from '../../cli/src/replay/faults-records';
import { runReplay } from '../../cli/src/replay/run-replay';
import { readSource } from '../../cli/src/replay/source';
import { quarantineOf } from '../helper/quarantine';

const FOLDER = 'events/recordings';
const { pipeline } = parsePipeline(
  JSON.parse(readFileSync(`${FOLDER}/hostile.pipeline.json`, 'utf8')),
);
const template = readFileSync('template.yaml', 'utf8');
const transforms = new Map();
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A run of some thousand records under everything takes seconds, on a busy machine many. */
jest.setTimeout(120_000);

async function replay(name: string, seed: number) {
  const recorded = await readSource(`${FOLDER}/${name}`, {
    ...{ pipeline, transforms, partial: false, shards: null },
    warn: () => undefined,
  });
  const plan = await readFaultPlan('everything');
  const source = disturbSource(recorded, { plan, seed, pipeline, transforms });
  const { firstMs, lastMs } = source.arrivals!;
  const parameters = { BatchSize: '50' };
  const log: string[] = [];
  let faults: FaultRun | undefined;
  const { accounting, stores } = await runReplay({
    ...{ pipeline, transforms, source, seed, speed: Number.POSITIVE_INFINITY, log: SILENT },
    application: readTemplate(template, { parameters, source: 'template.yaml' }),
    onProgress: () => undefined,
    observe: (event) => log.push(JSON.stringify(event)),
    disturb: (scheduler) => {
      const { injected, carriers } = source;
      const spanMs = [firstMs, lastMs] as const;
      faults = createFaultRun({ plan, seed, scheduler, spanMs, injected, carriers });
      return faults.disturbance;
    },
  });
  const { counts, surprises } = faults!.report();
  const lines = await quarantineOf(stores);
  const without = lines.filter(({ data }) => data === null).length;
  const held = lines.reduce((sum, { count = 1 }) => sum + count, 0);
  return { accounting, counts, surprises, without, held, log: log.join('\n') };
}

it.each(['order', 'numbers', 'names', 'poison'])(
  'hostile.%s: every record is accounted for under everything, and the log repeats',
  async (name) => {
    const first = await replay(`hostile.${name}.ndjson`, 11);
    const second = await replay(`hostile.${name}.ndjson`, 11);

    expect({ ...first.accounting, missing: missing(first.accounting) }).toMatchObject({
      missing: 0,
    });
    const { invalid, late } = first.accounting;
    expect(first).toMatchObject({ surprises: [], without: 0, held: invalid + late });
    expect(Object.keys(first.counts).length).toBeGreaterThan(10);
    expect(second.log === first.log).toBe(true);
  },
);

it('hostile.huge: every record is accounted for under everything', async () => {
  const { accounting, surprises } = await replay('hostile.huge.ndjson.gz', 11);

  expect({ missing: missing(accounting), surprises }).toEqual({ missing: 0, surprises: [] });
});
