import { UnavailableError } from '@millrace/core/error';
import { AnswerNoError, endingOf, OutsideError, UsageError } from '../../../cli/src/exit';

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: refused, write`), { code, syscall: 'write' });
}

describe('endingOf', () => {
  it.each([
    ['a no', new AnswerNoError('no'), 1],
    ['wrong use', new UsageError('bad'), 2],
    ['an outside failure', new OutsideError('down'), 3],
    ['an unavailable dependency', new UnavailableError('throttled'), 3],
    ['a full disk', systemError('ENOSPC'), 3],
    ['a refused connection', systemError('ECONNREFUSED'), 3],
  ])('ends %s with one line and no stack', (_name, error, code) => {
    const ending = endingOf(error);

    expect(ending.code).toBe(code);
    expect(ending.lines).toHaveLength(1);
    expect(ending.lines[0]).not.toContain(' at ');
  });

  it('gives each problem its own line', () => {
    expect(endingOf(new UsageError(['a', 'b\nc'])).lines).toEqual(['a', 'b c']);
  });

  it.each([
    ['an error', new TypeError('x is not a function')],
    ['something that is no error', 'oops'],
  ])('takes %s for a bug and shows where it is', (_name, thrown) => {
    const ending = endingOf(thrown);

    expect(ending.code).toBe(70);
    expect(ending.lines.at(-1)).toContain('this is a bug');
  });

  it('shows the stack of a bug', () => {
    expect(endingOf(new TypeError('x')).lines.join('\n')).toContain('exit.test');
  });
});
