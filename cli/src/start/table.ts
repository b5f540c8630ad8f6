import { printable } from '@millrace/core/text/printable';

/** Columns wide enough for their widest cell, two spaces apart; numbers to the right. */
export function textTable(
  cells: readonly (readonly string[])[],
  align: readonly ('left' | 'right')[],
): readonly string[] {
  // An escape is longer than what it stands for.
  const rows = cells.map((row) => row.map(printable));
  const widths = align.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] as number;
        return align[column] === 'right' ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}
