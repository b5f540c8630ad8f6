import {
  accountingLine,
  accountingOf,
  besideLine,
  missing,
} from '../../../../cli/src/replay/accounting';

const NOTHING = {
  applied: 0,
  late: 0,
  duplicate: 0,
  invalid: 0,
  unmatched: 0,
  revised: 0,
  dedupeOverflow: 0,
};

describe('accounting', () => {
  const committed = { ...NOTHING, applied: 33_101, late: 7, duplicate: 4, invalid: 8, revised: 3 };

  it('prints the equation with grouped thousands', () => {
    const accounting = accountingOf({ records: 33_000, in: 33_120 }, committed, 1_200);

    expect(accountingLine(accounting)).toBe(
      'in 33,120 = applied 33,101 + late 7 + duplicate 4 + invalid 8',
    );
    expect(besideLine(accounting)).toBe('redelivered 1,200, revised 3');
    expect(missing(accounting)).toBe(0);
  });

  it('adds unmatched when there are some', () => {
    const accounting = accountingOf({ records: 1, in: 1 }, { ...NOTHING, unmatched: 1 }, 0);

    expect(accountingLine(accounting)).toBe(
      'in 1 = applied 0 + late 0 + duplicate 0 + invalid 0 + unmatched 1',
    );
  });

  it.each([
    ['fewer were committed', 33_121, 1],
    ['more were committed', 33_119, -1],
  ])('does not print an equation when %s', (_name, count, expected) => {
    const accounting = accountingOf({ records: 1, in: count }, committed, 0);

    expect(missing(accounting)).toBe(expected);
    expect(accountingLine(accounting)).toContain(' ≠ ');
  });

  it('keeps the order of the fields of accounting.json', () => {
    const fields = Object.keys(accountingOf({ records: 0, in: 0 }, NOTHING, 0)).join(' ');

    expect(fields).toBe(
      'records in applied late duplicate invalid unmatched redelivered revised dedupeOverflow',
    );
  });
});
