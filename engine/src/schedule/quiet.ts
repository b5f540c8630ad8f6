/**
 * What is known of a scheduled function without invoking it: until a moment it would find nothing to do.
 * Its schedule leaves out what comes before, so that a run over years costs what happens in it.
 */
export interface Quiet {
  /** Epoch milliseconds. -Infinity = nothing is known; Infinity = nothing is to do for good. */
  untilMs(): number;
  /** `changed` is to be called whenever the moment may have become earlier. */
  watch(changed: () => void): void;
}
