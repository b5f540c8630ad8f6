import type { Command } from 'commander';
import { grouped, print, printJson, say } from '../output';
import type { QuarantineFlags } from './command';
import { entryLine, entryOf, type QuarantineEntry, readRecords } from './entry';
import { filterOf } from './filter-options';
import { openStores } from './open-stores';

/** Counts all measurements that pass, and keeps no more of them than are listed. */
export async function listEntries(command: Command, flags: QuarantineFlags): Promise<void> {
  const filter = filterOf(flags);
  const stores = await openStores(command, flags);
  const reasons: Record<string, number> = {};
  const listed: QuarantineEntry[] = [];
  let total = 0;
  let entries = 0;
  try {
    for await (const { record, refusals } of readRecords(stores.control, filter)) {
      for (const refusal of refusals) {
        total += refusal.count;
        entries++;
        reasons[refusal.reason] = (reasons[refusal.reason] ?? 0) + refusal.count;
        if (listed.length < flags.limit) listed.push(entryOf(record, refusal));
      }
    }
  } finally {
    await stores.close();
  }
  if (flags.json === true) {
    printJson({ total, reasons, entries: listed.map(entryLine) });
    return;
  }
  for (const entry of listed) print(lineOf(entry));
  if (entries > listed.length) say(`… ${grouped(entries - listed.length)} more (--limit)`);
  const counts = Object.entries(reasons).map(([reason, count]) => `${reason} ${grouped(count)}`);
  const many = total === entries ? '' : ` of ${grouped(total)} measurements`;
  say(`${grouped(entries)} entries${many}${total === 0 ? '' : `: ${counts.sort().join(', ')}`}`);
}

function lineOf({ id, reason, metric, arrivalMs, detail, count }: QuarantineEntry): string {
  const at = new Date(arrivalMs).toISOString();
  const times = count === 1 ? '' : ` (${grouped(count)} times)`;
  const text = `${detail.replace(/\s+/g, ' ')}${times}`;
  return `${at}  ${reason.padEnd(9)} ${id}  ${metric ?? '-'}  ${text}`;
}
