import type { Command } from 'commander';

const HELP = `
DIR is what \`millrace replay --out DIR\` or \`millrace start\` wrote. The report is one HTML
file that needs no network: a chart per series with its expected band, incidents, late
data and anomalies, the accounting, the quarantine and, after \`start\`, the cost.

Examples:
  $ millrace report --in .millrace/start
  $ millrace replay demo.ndjson --out out && millrace report --in out --out demo.html

Exit codes: 0 done, 2 wrong use or bad input, 3 disk.`;

export interface ReportFlags {
  readonly in: string;
  readonly out?: string;
  readonly pipeline?: string;
  readonly json?: boolean;
}

/** `millrace report`: results as a page. */
export function register(program: Command): void {
  program
    .command('report')
    .description('make a self-contained HTML page of the results of a replay')
    .requiredOption('--in <dir>', 'folder with the results')
    .option('--out <file>', 'page to write (default: report.html in the folder)')
    .option('--pipeline <file>', 'pipeline file, which says what is scored and so drawn')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action(async (flags: ReportFlags) => {
      // The charts are a tenth of a second of code that the other commands do not need.
      const { report } = await import('./report');
      await report(flags);
    });
}
