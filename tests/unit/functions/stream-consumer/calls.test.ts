import { countCalls } from '../../../../scripts/bench/calls';

/**
 * One batch whose series are all new. Each series costs one strong read and one state write of at most
 * 1 KB, and its first open window one entry of the `due` index. All reads are one call of the port, which
 * the adapter sends 100 keys at a time.
 */
test.each([
  { records: 1000, series: 1000, recordsPerSeries: 1 },
  { records: 1000, series: 100, recordsPerSeries: 10 },
  { records: 960, series: 16, recordsPerSeries: 60 },
])('$recordsPerSeries records of a series in a batch: calls and units as computed', async (run) => {
  const { calls, writeUnits, readUnits } = await countCalls(run.series, run.records);
  expect({ calls, writeUnits, readUnits }).toEqual({
    calls: 1 + run.series,
    writeUnits: 2 * run.series,
    readUnits: run.series,
  });
});
