import { beforeEnd } from '../interrupt';
import { drawOver, grouped } from '../output';
import type { RecordProgress } from './record-stream';

/** Redrawing more often shows nothing more. */
const FRAME_MS = 250;

/** One line on stderr that is drawn over: how much there is, and how far behind the stream it is. */
export function startStatus(json: boolean) {
  const shows = !json && process.stderr.isTTY === true;
  let drawnMs = 0;
  const clear = () => {
    if (drawnMs > 0) drawOver('');
    drawnMs = 0;
  };
  const ended = beforeEnd(clear);
  return {
    update(progress: RecordProgress): void {
      if (!shows || Date.now() - drawnMs < FRAME_MS) return;
      drawnMs = Date.now();
      const { records, open, shards, behindMs } = progress;
      const behind = behindMs > 0 ? `${grouped(Math.round(behindMs / 1000))} s behind` : 'live';
      const text = `recording ${grouped(records)} records | ${open} of ${shards} shards open | ${behind}`;
      drawOver(text);
    },
    stop(): void {
      ended();
      clear();
    },
  };
}
