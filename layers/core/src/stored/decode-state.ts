import {
  BugError,
  NewerDefinitionError,
  NewerStateError,
  PoisonError,
  UndecodableStateError,
} from '../error';
import { type Body, type EncodedMark, type EncodedWindow, STATE_VERSION } from '../fold/codec';
import type { Definition } from '../fold/definition';
import { startEpoch } from '../fold/epoch';
import { inheritMarks } from '../fold/marks';
import type { HeldWindow, Mark, OpenIncident, SeriesState } from '../fold/state';
import type { Item } from '../port';
import { HASHED_KEY_BYTES } from '../record/dedupe-key';
import { decodeCounters } from './counters';
import { checkSeverity, decodeOutbox } from './outbox';
import { seriesHash } from './series-hash';
import {
  boundsOf,
  countOf,
  jsonOf,
  listOf,
  malformed,
  numberOf,
  objectOf,
  textOf,
  timeOf,
} from './shape';

/**
 * The state in a stored item. Every part is looked at, so that what comes out is fit for the fold: an item
 * that a hand, a torn restore or a bug has spoilt is found here, before anything follows from it.
 *
 * Throws `NewerStateError` and `NewerDefinitionError` when newer code wrote the item, which must wait, and
 * `UndecodableStateError` when no code could have. In all three cases nothing may be overwritten.
 */
export function decodeState(item: Item, definition: Definition): SeriesState {
  const { v } = item;
  if (typeof v === 'number' && v > STATE_VERSION) {
    throw new NewerStateError(
      `the state of series ${seriesHash(item)} has schema version ${v}; this code knows ${STATE_VERSION}`,
    );
  }
  countOf(v, 'v', 1);
  const changed = textOf(item.def, 'def') !== definition.fingerprint;
  const number = numberOf(item.dn, 'dn');
  if (changed && number > definition.number) {
    throw new NewerDefinitionError(
      `the state of series ${seriesHash(item)} was written by a newer definition of its metric`,
    );
  }
  const body = objectOf(jsonOf(item.body, 'body'), 'body') as unknown as Body;
  const version = countOf(item.ver, 'ver', 1);
  const lastArrivalMs = item.la === undefined ? null : timeOf(item.la, 'la');
  const watermarkMs = body.w === null ? null : timeOf(body.w, 'w');
  const held = windowsOf(body.p, definition, changed);
  // Whatever was applied had an arrival.
  if (lastArrivalMs === null && (held.length > 0 || watermarkMs !== null)) throw malformed('la');
  const [epoch, floorMs] = epochOf(body.e);
  const marks = new Map(listOf(body.m, 'm').map(decodeMark));
  if (body.k !== undefined && body.k !== 1) throw malformed('k');
  const state: SeriesState = {
    version,
    definitionNumber: number,
    epoch,
    floorMs,
    bars: body.b === undefined ? [] : listOf(body.b, 'b').map(barOf),
    retired: null,
    watermarkMs,
    lastArrivalMs,
    marks: body.k === undefined ? inheritMarks(marks) : marks,
    refusedMs: body.f === undefined ? null : timeOf(body.f, 'f'),
    windows: changed ? new Map() : decodeWindows(held, definition),
    detector: detectorOf(body.d, changed ? null : definition),
    incident: body.i === null ? null : incidentOf(body.i),
    counters: decodeCounters(body.c),
    outbox: decodeOutbox(item.out, version),
  };
  if (changed) startEpoch(state, held, { def: item.def as string, definition });
  return state;
}

function epochOf(value: unknown): [epoch: number, floorMs: number | null] {
  if (value === undefined) return [0, null];
  const [epoch, floorMs] = listOf(value, 'e');
  return [countOf(epoch, 'e'), floorMs === null ? null : timeOf(floorMs, 'e')];
}

function barOf(value: unknown): { fromMs: number; toMs: number } {
  const [fromMs, toMs] = listOf(value, 'b');
  return { fromMs: timeOf(fromMs, 'b'), toMs: timeOf(toMs, 'b') };
}

function decodeMark(value: unknown): [name: string, mark: Mark] {
  const [name, sequence, sub, arrivalMs, seen] = listOf(value, 'm') as EncodedMark;
  const mark = {
    sequence: textOf(sequence, 'm'),
    sub: countOf(sub, 'm', -1),
    arrivalMs: timeOf(arrivalMs, 'm'),
  };
  textOf(name, 'm');
  if (seen === undefined) return [name, mark];
  const parts = listOf(seen, 'm').map((each) => {
    const [highest, at, partMs, hashes] = listOf(each, 'm');
    return {
      sequence: textOf(highest, 'm'),
      sub: countOf(at, 'm'),
      arrivalMs: timeOf(partMs, 'm'),
      hashes: textOf(hashes, 'm'),
    };
  });
  return [name, { ...mark, seen: parts }];
}

function detectorOf(value: unknown, definition: Definition | null): SeriesState['detector'] {
  if (value === null) return null;
  const detector = listOf(value, 'd') as unknown as NonNullable<SeriesState['detector']>;
  if (definition?.detector?.accepts(detector) === false) throw malformed('d');
  return detector;
}

function incidentOf(value: unknown): OpenIncident {
  const incident = objectOf(value, 'i') as unknown as OpenIncident;
  textOf(incident.id, 'i');
  timeOf(incident.openedMs, 'i');
  checkSeverity(incident.severity, 'i');
  numberOf(incident.score, 'i');
  numberOf(incident.observed, 'i');
  boundsOf(incident.expected, 'i');
  textOf(incident.reason, 'i');
  countOf(incident.calm, 'i');
  return incident;
}

/** Checks all but the aggregates; they come in order of their start. */
function windowsOf(value: unknown, { metric }: Definition, changed: boolean): EncodedWindow[] {
  const windows = listOf(value, 'p') as EncodedWindow[];
  let before = Number.NEGATIVE_INFINITY;
  for (const window of windows) {
    const [startMs, endMs, aggregate, rev, late, verdict, keys] = listOf(window, 'p');
    const start = timeOf(startMs, 'start of a window');
    if (start <= before) throw malformed('order of the windows');
    before = start;
    const sizeMs = timeOf(endMs, 'end of a window') - start;
    if (changed ? sizeMs <= 0 : sizeMs !== metric.window.sizeMs) throw malformed('end of a window');
    listOf(aggregate, 'aggregate of a window');
    countOf(rev, 'revision of a window');
    countOf(late, 'late of a window');
    if (verdict !== 0) checkVerdict(verdict);
    checkKeys(keys);
  }
  return windows;
}

function checkVerdict(value: unknown): void {
  const what = 'verdict of a window';
  const [score, anomaly, low, high, incident] = listOf(value, what);
  numberOf(score, what);
  if (anomaly !== 0 && anomaly !== 1) throw malformed(what);
  numberOf(low, what);
  numberOf(high, what);
  if (incident !== null) textOf(incident, what);
}

function checkKeys(keys: unknown): void {
  if (keys === 0 || typeof keys === 'string') return;
  for (const key of listOf(keys, 'keys of a window')) textOf(key, 'keys of a window');
}

function decodeWindows(
  held: readonly EncodedWindow[],
  definition: Definition,
): Map<number, HeldWindow> {
  try {
    return new Map(held.map((each) => [each[0], decodeWindow(each, definition)]));
  } catch (error) {
    if (error instanceof BugError || error instanceof PoisonError) {
      throw new UndecodableStateError(error.message, { cause: error });
    }
    throw error;
  }
}

function hashesOf(text: string): string[] {
  const hashes: string[] = [];
  for (let at = 0; at < text.length; at += HASHED_KEY_BYTES) {
    hashes.push(text.slice(at, at + HASHED_KEY_BYTES));
  }
  return hashes;
}

function decodeWindow(encoded: EncodedWindow, definition: Definition): HeldWindow {
  const [startMs, endMs, aggregate, rev, late, verdict, keys] = encoded;
  return {
    startMs,
    endMs,
    aggregate: definition.plan.decode(aggregate),
    rev,
    late,
    keys: keys === 0 ? null : new Set(typeof keys === 'string' ? hashesOf(keys) : keys),
    score: verdict === 0 ? null : verdict[0],
    anomaly: verdict !== 0 && verdict[1] === 1,
    expected: verdict === 0 ? null : { low: verdict[2], high: verdict[3] },
    incident: verdict === 0 ? null : verdict[4],
  };
}
