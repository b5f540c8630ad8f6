import { grouped, say } from '../output';
import { type Progress, startProgress } from '../progress';

const PLAIN_STEPS = 4;

/** A bar where a person is looking; a few plain lines in a file or a pipe; nothing with `--json`. */
export function startReplayProgress(total: number, json: boolean): Progress {
  if (json || process.stderr.isTTY) return startProgress({ label: 'replaying', total, json });
  let steps = 0;
  return {
    update(done) {
      const reached = Math.floor((PLAIN_STEPS * done) / Math.max(1, total));
      if (reached <= steps) return;
      steps = reached;
      say(`replayed ${grouped(done)} of ${grouped(total)} records`);
    },
    stop() {},
  };
}
