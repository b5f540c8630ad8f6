import { readFileSync } from 'node:fs';
import { createPlacement } from '../../cli/src/produce/placement';
import { createRecordingWriter } from '../../cli/src/recording/write';
import { equalShards } from '../../cli/src/replay/hash-range';

const SOURCE = 'node_modules/vega-datasets/data/flights-20k.json';
const OUT = 'events/recordings/flights.2001-first-quarter.ndjson.gz';
const SHARDS = 4;

interface Flight {
  /** Departure, local time of the airport, `YYYY/MM/DD hh:mm`. */
  readonly date: string;
  /** Minutes; negative = early. */
  readonly delay: number;
  /** Miles. */
  readonly distance: number;
  readonly origin: string;
  readonly destination: string;
}

/** Taxi, climb and landing. */
const GROUND_MINUTES = 30;
const MILES_PER_MINUTE = 8;
const MINUTE_MS = 60_000;

/**
 * One record per flight, keyed by its airport of origin, its event time the departure. It is sent when
 * the flight has landed, so that records come out of order in the way real reports do.
 */
export async function makeFlights(): Promise<string> {
  const flights: Flight[] = JSON.parse(readFileSync(SOURCE, 'utf8'));
  const deliveries = flights.map((flight, index) => {
    const departureMs = Date.parse(`${flight.date.replaceAll('/', '-').replace(' ', 'T')}:00Z`);
    const flightMinutes = GROUND_MINUTES + flight.distance / MILES_PER_MINUTE;
    const arrivalMs = departureMs + (flightMinutes + Math.max(0, flight.delay)) * MINUTE_MS;
    const record = {
      type: 'flight',
      id: `flight-${String(index + 1).padStart(5, '0')}`,
      departure: new Date(departureMs).toISOString(),
      origin: flight.origin,
      destination: flight.destination,
      delay: flight.delay,
      distance: flight.distance,
    };
    return { arrivalMs: Math.round(arrivalMs), record };
  });
  deliveries.sort((a, b) => a.arrivalMs - b.arrivalMs);
  const shards = equalShards(SHARDS);
  const place = createPlacement(shards);
  const writer = await createRecordingWriter(OUT, {
    stream: 'flights',
    shards,
    origin: `${flights.length} flights within the USA, January to March 2001, as vega-datasets 3.2.1 (flights-20k.json) has them from the U.S. Bureau of Transportation Statistics; times are local and taken for UTC; the time of arrival in the stream is computed from departure, distance and delay`,
    licence:
      'Data collected by a U.S. federal agency under 14 CFR Part 234; vega-datasets: BSD-3-Clause, licence of the data "other-open"',
  });
  for (const { arrivalMs, record } of deliveries) {
    const bytes = Buffer.from(JSON.stringify(record));
    await writer.write({ ...place(record.origin), partitionKey: record.origin, arrivalMs, bytes });
  }
  await writer.close();
  return `${OUT}: ${writer.records} records`;
}
