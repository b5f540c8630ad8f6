import type { JsonRecord, Transform } from '@millrace/core/pipeline/pipeline';

/** Which site a gateway stands at: a table that enriches each record. */
const SITES: Readonly<Record<string, string>> = { 'gw-1': 'north', 'gw-2': 'south' };

/**
 * Flattens a gateway's message with several readings into one record per sensor, adds the gateway's
 * site, and turns Fahrenheit into Celsius.
 *
 * @example
 * flattenReadings({ gateway: 'gw-1', ts: 0, readings: { oven: { f: 212 }, hall: { c: 20 } } })
 * // [{ gateway: 'gw-1', site: 'north', ts: 0, sensor: 'oven', celsius: 100 }, …]
 */
const flattenReadings: Transform = (record) => {
  const { gateway, ts, readings } = record;
  if (typeof readings !== 'object' || readings === null) return null;
  return Object.entries(readings as Record<string, { f?: number; c?: number }>).map(
    ([sensor, { f, c }]): JsonRecord => ({
      gateway,
      site: SITES[String(gateway)] ?? 'unknown',
      ts,
      sensor,
      celsius: f === undefined ? c : ((f - 32) * 5) / 9,
    }),
  );
};

export default flattenReadings;
