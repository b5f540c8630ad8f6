import { type Ledger, needOf } from './ledger';
import { PLATFORM_CALLS } from './platform';
import { ALL_ON, type Stack, stackOf } from './stack';
import { allows, functionsOf, type Statement, statementsOf } from './statement';

export const PAGE_PATH = 'docs/reference/permissions.md';

const HEAD = `# Permissions

What each function's role may do, why, and which of its calls need it. Made by \`npm run permissions\` from
\`template.yaml\` and from what the functions were seen to send; a test compares it with both, so nothing is
granted that is not used, and nothing is sent that is not granted. *Keys* are of a table's partition keys
(\`dynamodb:LeadingKeys\`): nothing else in that table can be read or written. *Through* is the one service for
which the key may be used (\`kms:ViaService\`).

Each function has a role of its own, which Lambda may assume for this account alone (\`aws:SourceAccount\`). There is one
more, \`StreamSweeperScheduleRole\`: EventBridge Scheduler may invoke \`StreamSweeper\` with it and write to
\`StreamSweeperDeadLetters\`, for schedules of this account's default group. Nobody else gets a permission: the one resource
policy, of the quarantine bucket, allows nothing and refuses plain HTTP.
`;

/** docs/reference/permissions.md, whole. */
export function permissionsPage(ledger: Ledger): string {
  const stack = stackOf();
  const sections = functionsOf(stack).map((name) => section(name, stack, ledger[name] ?? []));
  return [HEAD, ...sections].join('\n');
}

function section(name: string, stack: Stack, sent: readonly string[]): string {
  const rows = statementsOf(name, stack).map((statement) => [
    `\`${statement.sid}\`${whenOf(name, statement)}`,
    lines(statement.actions),
    lines(targetsOf(statement, stack)),
    cell(statement.reason),
    usesOf(name, statement, sent, stack),
  ]);
  const head = ['statement', 'actions', 'resources', 'reason', 'used by'];
  const table = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
  return `## ${name}\n\n${table.join('\n')}\n`;
}

/** The parameter that a statement comes with. */
function whenOf(name: string, { sid }: Statement): string {
  const isIn = (overrides: Record<string, string>) =>
    statementsOf(name, stackOf({}, overrides)).some((other) => other.sid === sid);
  if (isIn({})) return '';
  const parameters = Object.entries(ALL_ON).filter(([key, value]) => isIn({ [key]: value }));
  return `, with \`${parameters.map(([key]) => key).join('`, `')}\``;
}

function targetsOf({ resources, leadingKeys, via }: Statement, stack: Stack): string[] {
  // The time in the name of a table's stream is no part of the template.
  const shown = resources.map((arn) => stack.logical(arn).replace(/\/stream\/.*/, '/stream'));
  const keys = (leadingKeys ?? []).map((key) => `keys ${key}`);
  return [...shown, ...keys, ...(via === null ? [] : [`through ${via}`])];
}

function usesOf(name: string, statement: Statement, sent: readonly string[], stack: Stack): string {
  const used = (line: string) => allows(statement, needOf(line, stack));
  const ours = sent.filter(used).map((line) => {
    const [action = '', place = '', keys] = line.split(' ');
    return `\`${action.slice(action.indexOf(':') + 1)}\` ${keys === undefined ? place : keysText(keys)}`;
  });
  const platform = Object.entries(PLATFORM_CALLS[name] ?? {})
    .filter(([line]) => used(line))
    .map(([, why]) => why);
  return cell([...ours, ...new Set(platform)].join('; '));
}

const keysText = (keys: string) =>
  keys
    .split(',')
    .map((key) => `\`${key}\``)
    .join(', ');

const lines = (texts: readonly string[]) => texts.map((text) => `\`${text}\``).join('<br>');
const cell = (text: string) => text.replaceAll('|', '\\|');
