import type { LambdaContext } from '../invoke/context';
import type { Dice } from './dice';

/** The process died: nothing it does afterwards has an effect. */
export class InjectedCrash extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InjectedCrash';
  }
}

/** What becomes of an invocation at one of its writes. */
export interface Doom {
  readonly kind: 'crash' | 'freeze' | 'zombie';
  /** Writes that go well before it. */
  readonly afterWrites: number;
  readonly dice: Dice;
  happened(): void;
}

/** One run of a handler, as the ports see it. */
export interface Invocation {
  readonly place: string;
  readonly calm: boolean;
  readonly doom: Doom | null;
  readonly context: LambdaContext;
  writes: number;
  dead: boolean;
  /** Rejects when the process dies, and never else. */
  readonly death: Promise<never>;
  die(error: Error): void;
}

export function createInvocation(
  place: string,
  options: { readonly calm: boolean; readonly doom: Doom | null; readonly context: LambdaContext },
): Invocation {
  let reject: (error: Error) => void = () => undefined;
  const death = new Promise<never>((_resolve, refuse) => {
    reject = refuse;
  });
  // Nobody may be waiting for it.
  death.catch(() => undefined);
  const invocation: Invocation = {
    place,
    ...options,
    writes: 0,
    dead: false,
    death,
    die: (error) => {
      invocation.dead = true;
      reject(error);
    },
  };
  return invocation;
}
