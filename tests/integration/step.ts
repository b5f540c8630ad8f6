import type { Answer, Outcome } from './terminal';

/** How a page's command is followed: what it is typed as, what is answered, what must come of it. */
export interface Step {
  readonly typed?: (command: string) => Promise<string> | string;
  readonly answer?: Answer;
  /** Another exit code than 0. */
  readonly exitCode?: number;
  readonly check?: (outcome: Outcome) => Promise<void> | void;
}
