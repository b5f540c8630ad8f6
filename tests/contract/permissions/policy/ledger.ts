import { readFileSync, writeFileSync } from 'node:fs';
import type { Need } from './need';
import type { Stack } from './stack';

/**
 * Needs as text, one a line, by logical names: `dynamodb:PutItem ControlTable N#`. Of a key and of an
 * object only what the policies tell apart: the first part.
 */
export function lineOf({ action, resource, leadingKeys }: Need, stack: Stack): string {
  const logical = stack.logical(resource);
  const [id, folder] = logical.split('/');
  const isObject = action.startsWith('s3:') && folder !== undefined;
  const place = isObject ? `${id}/${folder}/*` : logical;
  const keys = [...new Set(leadingKeys.map(headOf))];
  return [action, place, ...(keys.length > 0 ? [keys.sort().join(',')] : [])].join(' ');
}

/** Kinds of items whose second part is a name of ours, which policies tell apart: parts to keep. */
const PARTS: Readonly<Record<string, number>> = { CB: 2, P: 2 };

function headOf(key: string): string {
  const parts = key.split('#');
  const kept = PARTS[parts[0] ?? ''] ?? 1;
  return parts.length <= kept ? key : `${parts.slice(0, kept).join('#')}#`;
}

/** In place of keys: the service that asks KMS for the caller, as in `kms:Decrypt KmsKeyArn via:s3`. */
const VIA = 'via:';

export function needOf(line: string, stack: Stack): Need {
  const [action = '', place = '', rest = ''] = line.split(' ');
  const need = { action, resource: stack.arn(place) };
  if (rest.startsWith(VIA)) return { ...need, leadingKeys: [], via: rest.slice(VIA.length) };
  return { ...need, leadingKeys: rest === '' ? [] : rest.split(',') };
}

export const LEDGER_PATH = 'tests/contract/permissions/calls.json';

export type Ledger = Readonly<Record<string, readonly string[]>>;

/** What the functions were seen to send; `npm run permissions` records it anew. */
export function readLedger(): Ledger {
  return JSON.parse(readFileSync(LEDGER_PATH, 'utf8'));
}

export function writeLedger(name: string, lines: readonly string[]): void {
  const all = Object.entries({ ...readLedger(), [name]: lines }).sort();
  writeFileSync(LEDGER_PATH, `${JSON.stringify(Object.fromEntries(all), null, 2)}\n`);
}
