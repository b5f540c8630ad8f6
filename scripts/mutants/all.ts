import { BOUNDS_MUTANTS } from './bounds';
import { BREAKER_MUTANTS } from './breaker';
import { CARRIERS_MUTANTS } from './carriers';
import { COMMIT_MUTANTS } from './commit';
import { EXPIRY_MUTANTS } from './expiry';
import { FOLD_MUTANTS } from './fold';
import { HOSTILE_MUTANTS } from './hostile';
import { MARKS_MUTANTS } from './marks';
import type { Mutant } from './mutant';
import { OUTPUTS_MUTANTS } from './outputs';
import { QUARANTINE_MUTANTS } from './quarantine';
import { STACK_MUTANTS } from './stack';
import { UNDECODABLE_MUTANTS } from './undecodable';
import { UNKEYED_MUTANTS } from './unkeyed';
import { VALUES_MUTANTS } from './values';

export const MUTANTS: readonly Mutant[] = [
  ...COMMIT_MUTANTS,
  ...OUTPUTS_MUTANTS,
  ...FOLD_MUTANTS,
  ...EXPIRY_MUTANTS,
  ...MARKS_MUTANTS,
  ...CARRIERS_MUTANTS,
  ...UNKEYED_MUTANTS,
  ...UNDECODABLE_MUTANTS,
  ...BREAKER_MUTANTS,
  ...BOUNDS_MUTANTS,
  ...HOSTILE_MUTANTS,
  ...QUARANTINE_MUTANTS,
  ...VALUES_MUTANTS,
  ...STACK_MUTANTS,
];
