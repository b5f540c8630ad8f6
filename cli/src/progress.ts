import { Presets, SingleBar } from 'cli-progress';
import { beforeEnd } from './interrupt';

export interface Progress {
  update(done: number): void;
  stop(): void;
}

const NONE: Progress = { update() {}, stop() {} };

/** Redrawing more often costs more than it shows. */
const FRAMES_PER_SECOND = 10;

/** A bar on stderr when a person is looking; nothing when stderr is a file or a pipe, or with `--json`. */
export function startProgress(options: {
  readonly label: string;
  readonly total: number;
  readonly json: boolean;
}): Progress {
  if (options.json || !process.stderr.isTTY) return NONE;
  const bar = new SingleBar(
    {
      format: `${options.label} {bar} {percentage}% | {value}/{total} | {eta_formatted}`,
      stream: process.stderr,
      hideCursor: true,
      // Its own way keeps the process alive after the first Ctrl-C.
      gracefulExit: false,
      clearOnComplete: true,
      fps: FRAMES_PER_SECOND,
    },
    Presets.shades_classic,
  );
  bar.start(options.total, 0);
  const ended = beforeEnd(() => bar.stop());
  return {
    update: (done) => bar.update(done),
    stop() {
      ended();
      bar.stop();
    },
  };
}
