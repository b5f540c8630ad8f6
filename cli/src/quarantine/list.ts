import { countExpired } from '@millrace/core/results/quarantine';
import type { Command } from 'commander';
import { grouped, print, printJson, say } from '../output';
import type { QuarantineFlags } from './command';
import { entryLine, entryOf, type QuarantineEntry, readRecords } from './entry';
import { filterOf } from './filter-options';
import { openStores } from './open-stores';
import { placeLine, readUndelivered, type Undelivered, undeliveredLine } from './undelivered';

/** Counts all measurements that pass, and keeps no more of them than are listed. */
export async function listEntries(command: Command, flags: QuarantineFlags): Promise<void> {
  const filter = filterOf(flags);
  const stores = await openStores(command, flags);
  const reasons: Record<string, number> = {};
  const listed: QuarantineEntry[] = [];
  let total = 0;
  let entries = 0;
  let expired: Record<string, number>;
  let undelivered: Undelivered[] = [];
  try {
    expired = await countExpired(stores.control);
    for await (const { record, refusals } of readRecords(stores.control, filter)) {
      for (const refusal of refusals) {
        total += refusal.count;
        entries++;
        reasons[refusal.reason] = (reasons[refusal.reason] ?? 0) + refusal.count;
        if (listed.length < flags.limit) listed.push(entryOf(record, refusal));
      }
    }
    undelivered = await readUndelivered(stores.objects);
  } finally {
    await stores.close();
  }
  if (flags.json === true) {
    printJson({
      ...{ total, reasons, expired, entries: listed.map(entryLine) },
      ...(undelivered.length > 0 && { undelivered: undelivered.slice(0, flags.limit) }),
    });
    return;
  }
  for (const entry of listed) print(lineOf(entry));
  if (entries > listed.length) say(`… ${grouped(entries - listed.length)} more (--limit)`);
  const many = total === entries ? '' : ` of ${grouped(total)} measurements`;
  const gone = countsOf(expired);
  if (gone !== '') say(`expired, whatever the filter: ${gone}`);
  say(`${grouped(entries)} entries${many}${total === 0 ? '' : `: ${countsOf(reasons)}`}`);
  sayUndelivered(undelivered, flags.limit);
}

function countsOf(reasons: Readonly<Record<string, number>>): string {
  const counts = Object.entries(reasons).map(([reason, count]) => `${reason} ${grouped(count)}`);
  return counts.sort().join(', ');
}

/** Such records are in no count of the consumer's, and nothing here can be put again. */
function sayUndelivered(undelivered: readonly Undelivered[], limit: number): void {
  for (const each of undelivered.slice(0, limit)) print(placeLine(each));
  const line = undeliveredLine(undelivered);
  if (line !== null) say(line);
}

function lineOf({ id, reason, metric, arrivalMs, detail, count }: QuarantineEntry): string {
  const at = new Date(arrivalMs).toISOString();
  const times = count === 1 ? '' : ` (${grouped(count)} times)`;
  const text = `${detail.replace(/\s+/g, ' ')}${times}`;
  return `${at}  ${reason.padEnd(9)} ${id}  ${metric ?? '-'}  ${text}`;
}
