import type { Command } from 'commander';
import { UsageError } from './exit';
import { loadPipeline } from './load-pipeline';
import { printJson, say } from './output';
import { TRANSFORMS_OPTION } from './transforms';

const HELP = `
Lists every mistake, one line each, and says what runs but is likely not meant. Transforms
that the file names are loaded, which runs their code: the project's, or those of --transforms.

Examples:
  $ millrace check
  $ millrace check staging.json
  $ millrace check --json | jq .problems

Exit codes: 0 valid (maybe with warnings), 2 mistakes.`;

/** `millrace check`: is this pipeline file one that can run? */
export function register(program: Command): void {
  program
    .command('check')
    .description('validate a pipeline file')
    .argument('[pipeline]', 'pipeline file', 'pipeline.json')
    .option(...TRANSFORMS_OPTION)
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action(check);
}

interface Flags {
  readonly transforms?: string;
  readonly json?: boolean;
}

async function check(path: string, { transforms, json = false }: Flags): Promise<void> {
  try {
    const { pipeline, warnings } = await loadPipeline(path, { transforms });
    const metrics = pipeline.metrics.map((metric) => metric.name);
    for (const warning of warnings) say(`warning: ${warning}`);
    if (json) printJson({ ok: true, metrics, warnings, problems: [] });
    else say(`${path}: ok, ${metrics.length} ${metrics.length === 1 ? 'metric' : 'metrics'}`);
  } catch (error) {
    if (json && error instanceof UsageError) {
      printJson({ ok: false, metrics: [], warnings: [], problems: error.lines });
    }
    throw error;
  }
}
