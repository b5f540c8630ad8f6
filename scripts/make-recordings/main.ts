import { mkdirSync } from 'node:fs';
import { makeFlights } from './flights';
import { huge } from './hostile-huge';
import { names } from './hostile-names';
import { numbers } from './hostile-numbers';
import { order } from './hostile-order';
import { poison } from './hostile-poison';
import { writeHostile } from './hostile-recording';

/**
 * Makes the recordings that are computed: `npx tsx scripts/make-recordings/main.ts`. The same bytes
 * every time; the recording of a host is history and is made by `millrace record-host`.
 */
async function main(): Promise<void> {
  mkdirSync('events/recordings', { recursive: true });
  console.log(await makeFlights());
  for (const make of [poison, order, names, numbers, huge]) console.log(writeHostile(make()));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
