import type { Command } from 'commander';
import { grouped, print, printJson, say } from '../output';
import type { QuarantineFlags } from './command';
import { entryLine, type QuarantineEntry, readEntries } from './entry';
import { filterOf } from './filter-options';
import { openStores } from './open-stores';

/** Counts all entries that pass, and keeps no more of them than are listed. */
export async function listEntries(command: Command, flags: QuarantineFlags): Promise<void> {
  const filter = filterOf(flags);
  const stores = await openStores(command, flags);
  const reasons: Record<string, number> = {};
  const listed: QuarantineEntry[] = [];
  let total = 0;
  try {
    for await (const entry of readEntries(stores.control, filter)) {
      total++;
      reasons[entry.reason] = (reasons[entry.reason] ?? 0) + 1;
      if (listed.length < flags.limit) listed.push(entry);
    }
  } finally {
    await stores.close();
  }
  if (flags.json === true) {
    printJson({ total, reasons, entries: listed.map(entryLine) });
    return;
  }
  for (const entry of listed) print(lineOf(entry));
  if (total > listed.length) say(`… ${grouped(total - listed.length)} more (--limit)`);
  const counts = Object.entries(reasons).map(([reason, count]) => `${reason} ${grouped(count)}`);
  say(`${grouped(total)} entries${total === 0 ? '' : `: ${counts.sort().join(', ')}`}`);
}

function lineOf({ id, reason, metric, arrivalMs, detail }: QuarantineEntry): string {
  const at = new Date(arrivalMs).toISOString();
  return `${at}  ${reason.padEnd(9)} ${id}  ${metric ?? '-'}  ${detail.replace(/\s+/g, ' ')}`;
}
