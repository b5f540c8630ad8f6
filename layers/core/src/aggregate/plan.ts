import { BugError, NewerStateError } from '../error';
import { quantityOf } from '../record/json-number';
import type { AggregateInput } from '../record/record';
import type {
  AggregatePlan,
  AggregateValue,
  EncodedAggregate,
  PlanAggregates,
  WindowAggregate,
} from './aggregate';
import { type Step, stepsOf, takesNumbers } from './cell-choice';
import { addToCell, cellStaysFinite } from './cell-dispatch';
import { readerOf } from './reader';

/** Raise it with every change of what `encode` writes, and keep decoding the older ones. */
const VERSION = 2;
/** What is written without a bigint: code of version 1 reads it. */
const PLAIN_VERSION = 1;
const BRACKETS_AND_VERSION_BYTES = 12;

/**
 * Compiles a metric's aggregates. Inputs are in the slots of `aggregateInputs(specs)`: 0 the metric's
 * value, i + 1 the i-th own path. Numeric aggregates skip what is not a number.
 */
export const planAggregates: PlanAggregates = (specs, { coerce = false } = {}) => {
  const steps = stepsOf(specs);
  const readers = specs.map((spec) => readerOf(spec, specs, steps));
  const slots = [...new Set(steps.map(({ slot }) => slot))];
  return {
    create: () => ({ cells: steps.map(({ kind }) => kind.create()) }),
    add: (window, inputs, eventMs) => {
      if (!staysFinite(steps, slots, window, inputs, coerce)) return false;
      for (let i = 0; i < steps.length; i += 1) {
        const step = steps[i] as Step;
        const input = inputFor(step, inputs[step.slot], coerce);
        if (input !== undefined) addToCell(step, window.cells[i], input, eventMs);
      }
      return true;
    },
    merge: (a, b) => ({
      cells: steps.map(({ kind }, i) => kind.merge(a.cells[i], b.cells[i])),
    }),
    results: (window, windowMs) =>
      // fromEntries defines own fields, whatever they are called.
      Object.fromEntries(
        specs.map(({ as }, i): [string, AggregateValue] => [
          as,
          (readers[i] as (typeof readers)[number])(window, windowMs),
        ]),
      ),
    encode: (window) => [
      versionOf(steps, window),
      ...steps.map(({ kind }, i) => kind.encode(window.cells[i])),
    ],
    decode: (encoded) => decode(steps, encoded),
    bytes: (window) => {
      let bytes = BRACKETS_AND_VERSION_BYTES;
      for (let i = 0; i < steps.length; i += 1) {
        bytes += (steps[i] as Step).kind.bytes(window.cells[i]);
      }
      return bytes;
    },
    bytesMax: steps.reduce((sum, { kind }) => sum + kind.bytesMax, BRACKETS_AND_VERSION_BYTES),
  } satisfies AggregatePlan;
};

/** Looks before anything is changed, so that a refused measurement leaves no trace. */
function staysFinite(
  steps: readonly Step[],
  slots: readonly number[],
  window: WindowAggregate,
  inputs: readonly AggregateInput[],
  coerce: boolean,
): boolean {
  for (let i = 0; i < slots.length; i += 1) {
    const input = inputs[slots[i] as number];
    // JSON.parse reads 1e999 as Infinity.
    if (typeof input === 'number' && !Number.isFinite(input)) return false;
  }
  for (let i = 0; i < steps.length; i += 1) {
    const step = steps[i] as Step;
    const input = inputFor(step, inputs[step.slot], coerce);
    if (typeof input !== 'number') continue;
    if (!Number.isFinite(input) || !cellStaysFinite(step, window.cells[i], input)) return false;
  }
  return true;
}

/** What a step sees of an input: cells of numbers take what may be read as one. */
function inputFor(step: Step, input: AggregateInput, coerce: boolean): AggregateInput {
  if (typeof input === 'number' || input === undefined || !takesNumbers(step.code)) return input;
  return quantityOf(input, coerce);
}

function versionOf(steps: readonly Step[], { cells }: WindowAggregate): number {
  for (let i = 0; i < steps.length; i += 1) {
    if ((steps[i] as Step).kind.holdsInteger?.(cells[i])) return VERSION;
  }
  return PLAIN_VERSION;
}

function decode(steps: readonly Step[], encoded: EncodedAggregate): WindowAggregate {
  const version = Array.isArray(encoded) ? encoded[0] : undefined;
  if (!Number.isSafeInteger(version) || version < 1) {
    throw new BugError('encoded aggregate: no version');
  }
  if (version > VERSION) {
    throw new NewerStateError(`encoded aggregate: version ${version}, this code knows ${VERSION}`);
  }
  if (encoded.length !== steps.length + 1) {
    throw new BugError(
      `encoded aggregate: ${encoded.length - 1} cells, this plan has ${steps.length}`,
    );
  }
  return { cells: steps.map(({ kind }, i) => kind.decode(encoded[i + 1])) };
}
