import { evictAhead, evictOldest, type FoldContext } from './publish';
import { idBytesOf, surelyFit, windowBytes } from './size';
import type { HeldWindow } from './state';
import { isFarAhead } from './window';

/**
 * Windows may outgrow the item: sketches do, and so do the rows of many open windows that one record may
 * close at once. Then some go, inside the fold and per record, whatever the batch boundaries were: each is
 * published if it was open, and a later record for it is late. Those far ahead of the arrivals go first,
 * the newest of them first: a fast clock opened them, and nothing that is due now is in them. Then the
 * oldest go. One window is always held.
 */
export function makeRoom(context: FoldContext, arrivalMs: number): void {
  const { state, definition, key } = context;
  if (!definition.bytes.measured || surelyFit(state.windows.size, definition, key)) return;
  const idBytes = idBytesOf(definition, key);
  const room = definition.bytes.room - idBytes;
  let bytes = heldBytes(context, idBytes);
  if (bytes <= room) return;
  const windows = [...state.windows.values()];
  const newestArrivalMs = Math.max(state.lastArrivalMs ?? arrivalMs, arrivalMs);
  while (bytes > room && windows.length > 1) {
    const newest = windows.at(-1) as HeldWindow;
    const isAhead = isFarAhead(newest.startMs, newestArrivalMs, definition.metric);
    const window = (isAhead ? windows.pop() : windows.shift()) as HeldWindow;
    bytes -= windowBytes(window, definition, idBytes);
    if (isAhead) evictAhead(context, window);
    else evictOldest(context, window);
  }
}

/**
 * Whether a window far ahead of its arrival may take a record. Such windows get what is left of one half
 * of the room: a clock that always runs ahead would otherwise push out what is due now, or be pushed out
 * by it again and again, and leave a bar for each window that is due later.
 */
export function hasRoomAhead(context: FoldContext, startMs: number, arrivalMs: number): boolean {
  const { state, definition, key } = context;
  if (!definition.bytes.measured) return true;
  const newestArrivalMs = Math.max(state.lastArrivalMs ?? arrivalMs, arrivalMs);
  if (!isFarAhead(startMs, newestArrivalMs, definition.metric)) return true;
  if (state.windows.size === 0) return true;
  const idBytes = idBytesOf(definition, key);
  return heldBytes(context, idBytes) <= (definition.bytes.room - idBytes) / 2;
}

function heldBytes({ state, definition }: FoldContext, idBytes: number): number {
  let bytes = 0;
  for (const window of state.windows.values()) bytes += windowBytes(window, definition, idBytes);
  return bytes;
}
