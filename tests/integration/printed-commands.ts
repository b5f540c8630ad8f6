/** A command as a document prints it: one line, or several that end in a backslash. */
export type PrintedCommand = string;

/** Within a step of a numbered list a block is indented. */
const SHELL_FENCE = /^( *)```(?:sh|bash|shell|console|zsh)\b[^\n]*\n([\s\S]*?)^\1```$/gm;

/**
 * The commands in the shell blocks of a Markdown text, in order. `heading` is a line such as `## Deploy`
 * and limits them to that section with its subsections.
 * @throws Error when there is no such heading
 */
export function printedCommands(markdown: string, heading?: string): PrintedCommand[] {
  const text = heading === undefined ? markdown : sectionOf(markdown, heading);
  return [...text.matchAll(SHELL_FENCE)].flatMap(([, indent = '', block = '']) =>
    commandsOf(block.replaceAll(new RegExp(`^${indent}`, 'gm'), '')),
  );
}

function commandsOf(block: string): PrintedCommand[] {
  return block
    .replaceAll('\\\n', '\u0000')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.replaceAll('\u0000', '\\\n'));
}

function sectionOf(markdown: string, heading: string): string {
  const lines = markdown.split('\n');
  const from = lines.indexOf(heading);
  if (from < 0) throw new Error(`no heading "${heading}"`);
  const level = heading.indexOf(' ');
  const isEnd = (line: string) => new RegExp(`^#{1,${level}} `).test(line);
  const length = lines.slice(from + 1).findIndex(isEnd);
  return lines.slice(from, length < 0 ? undefined : from + 1 + length).join('\n');
}
