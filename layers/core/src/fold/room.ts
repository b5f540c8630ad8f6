import { evict, type FoldContext } from './publish';
import { idBytesOf, surelyFit, windowBytes } from './size';

/**
 * Windows may outgrow the item: sketches do, and so do the rows of many open windows that one record may
 * close at once. Then the oldest goes, inside the fold and per record: it is published if it was open,
 * and a later record for it is late, whatever the batch boundaries were. One window is always held.
 */
export function makeRoom(context: FoldContext): void {
  const { state, definition, key } = context;
  if (!definition.bytes.measured || surelyFit(state.windows.size, definition, key)) return;
  const idBytes = idBytesOf(definition, key);
  const room = definition.bytes.room - idBytes;
  let bytes = 0;
  for (const window of state.windows.values()) bytes += windowBytes(window, definition, idBytes);
  for (const window of state.windows.values()) {
    if (bytes <= room || state.windows.size === 1) return;
    bytes -= windowBytes(window, definition, idBytes);
    evict(context, window);
  }
}
