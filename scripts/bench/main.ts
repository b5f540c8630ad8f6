import { countCalls } from './calls';
import { benchConsumer, benchLargestBatch } from './consumer';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 21);

async function main(): Promise<void> {
  console.log(
    `node ${process.version}, ${ROUNDS} rounds; CPU (user + system), ratios within one run`,
  );
  await benchConsumer(ROUNDS);
  await benchLargestBatch();
  console.log('\nDynamoDB per 1,000 records in one batch (counted, not timed)');
  console.table(await Promise.all([1000, 100, 16].map((series) => countCalls(series))));
}

main();
