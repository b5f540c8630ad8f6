import { beginCall, type CallLimits, RefusedError } from '@millrace/adapters/aws/retry';
import { BugError, ConflictError, DeadlineError, UnavailableError } from '@millrace/core/error';

const name = { operation: 'PutItem', target: 'table t' };

/** Time that only sleeping and the attempts move; chance that always says the most. */
function makeLimits(changes: Partial<CallLimits> = {}) {
  const sleeps: number[] = [];
  let nowMs = 0;
  const limits: CallLimits = {
    attemptsMax: 3,
    attemptMsMax: 900,
    totalMsMax: 3000,
    time: {
      nowMs: () => nowMs,
      random: () => 0.999_999,
      async sleep(durationMs) {
        sleeps.push(durationMs);
        nowMs += durationMs;
      },
    },
    ...changes,
  };
  return { limits, sleeps, pass: (durationMs: number) => (nowMs += durationMs) };
}

function failing(errors: readonly Error[]) {
  let tries = 0;
  return {
    attempt: async () => {
      const error = errors[tries++];
      if (error) throw error;
      return 'done';
    },
    tries: () => tries,
  };
}

const named = (errorName: string) => Object.assign(new Error('why'), { name: errorName });
const coded = (code: string) => Object.assign(new Error('why'), { code });
const status = (httpStatusCode: number) =>
  Object.assign(new Error('why'), { $metadata: { httpStatusCode } });

test('a call that succeeds at the third try answers and pauses longer each time', async () => {
  const { limits, sleeps } = makeLimits();
  const { attempt } = failing([named('ThrottlingException'), coded('ECONNRESET')]);
  expect(await beginCall(name, limits)(attempt)).toBe('done');
  expect(sleeps).toEqual([50, 100]);
});

test('pauses never grow above a second', async () => {
  const { limits, sleeps } = makeLimits({ attemptsMax: 9, totalMsMax: 60_000 });
  const { attempt } = failing(Array(8).fill(named('SlowDown')));
  await beginCall(name, limits)(attempt);
  expect(sleeps).toEqual([50, 100, 200, 400, 800, 1000, 1000, 1000]);
});

describe.each<[string, Error, tries: number, triesNotRepeatable: number]>([
  ['throttling', named('ProvisionedThroughputExceededException'), 3, 3],
  ['nothing processed', new RefusedError('none'), 3, 3],
  ['a refused connection', coded('ECONNREFUSED'), 3, 3],
  ['status 429', status(429), 3, 3],
  ['status 500', status(500), 3, 1],
  ['a broken connection', coded('ECONNRESET'), 3, 1],
  ['a connection error nobody knows', coded('EWHATEVER'), 3, 1],
  ['a time-out', named('TimeoutError'), 3, 1],
  ['a cut answer', Object.assign(new SyntaxError('cut'), { $responseBodyText: '{' }), 3, 1],
  ['no permission', Object.assign(status(400), { name: 'AccessDeniedException' }), 1, 1],
  ['no credentials', named('CredentialsProviderError'), 1, 1],
])('%s', (_, error, tries, triesNotRepeatable) => {
  test.each([
    [true, tries],
    [false, triesNotRepeatable],
  ])('repeatable %s: unavailable after %i tries', async (repeatable, expected) => {
    const { limits } = makeLimits();
    const call = failing([error, error, error, error]);
    const answer = beginCall({ ...name, repeatable }, limits)(call.attempt);
    await expect(answer).rejects.toThrow(UnavailableError);
    await expect(answer).rejects.toThrow(/^PutItem on table t: [13] (try|tries) failed, the last/);
    expect(call.tries()).toBe(expected);
  });
});

test('what the service calls wrong is a bug at once, with the reason', async () => {
  const { attempt, tries } = failing([named('ValidationException')]);
  const answer = beginCall(name, makeLimits().limits)(attempt);
  await expect(answer).rejects.toThrow(BugError);
  await expect(answer).rejects.toThrow('PutItem on table t is refused: ValidationException: why');
  expect(tries()).toBe(1);
});

test.each([
  ['our own vocabulary', new ConflictError('x')],
  ['a mistake in our code', new TypeError('x is not a function')],
  ['a wrong call of Node', Object.assign(new TypeError('x'), { code: 'ERR_INVALID_ARG_TYPE' })],
])('%s passes through', async (_, error) => {
  const { attempt } = failing([error]);
  await expect(beginCall(name, makeLimits().limits)(attempt)).rejects.toBe(error);
});

test('a pause that would outlast the caller is not begun', async () => {
  const { limits, sleeps } = makeLimits({ deadline: () => 40 });
  const call = failing([named('SlowDown'), named('SlowDown')]);
  await expect(beginCall(name, limits)(call.attempt)).rejects.toThrow(/1 try failed/);
  expect([call.tries(), sleeps]).toEqual([1, []]);
});

test('a retry that would have next to no time behind its pause is not begun', async () => {
  const { limits, sleeps } = makeLimits({ deadline: () => 90 });
  const call = failing([named('SlowDown'), named('SlowDown')]);
  await expect(beginCall(name, limits)(call.attempt)).rejects.toThrow(/1 try failed/);
  expect([call.tries(), sleeps]).toEqual([1, []]);
});

test('without time left nothing is tried, and nothing said against the service', async () => {
  const call = failing([]);
  const { limits } = makeLimits({ deadline: () => 0 });
  const answer = beginCall(name, limits)(call.attempt);
  await expect(answer).rejects.toThrow(DeadlineError);
  await expect(answer).rejects.toThrow('PutItem on table t: no time is left for it');
  expect(call.tries()).toBe(0);
});

test('a caller whose time ends in the pause behind a try has met a failure', async () => {
  const left = [1_000, 1_000, 0];
  const { limits } = makeLimits({ deadline: () => left.shift() ?? 0 });
  const call = failing([named('SlowDown'), named('SlowDown')]);
  await expect(beginCall(name, limits)(call.attempt)).rejects.toThrow(UnavailableError);
  expect(call.tries()).toBe(1);
});

test('the total limit holds over all pieces of one call', async () => {
  const { limits, pass } = makeLimits();
  const call = beginCall(name, limits);
  await call(async () => pass(2900));
  await call(async () => pass(200));
  const late = call(async () => 'late');
  await expect(late).rejects.toThrow(/no time is left/);
  // The caller has time: it is the service that was slow.
  await expect(late).rejects.toThrow(UnavailableError);
});

test('an attempt that does not listen is left after its limit, and told so', async () => {
  const { limits } = makeLimits({ attemptMsMax: 30, attemptsMax: 2 });
  const signals: AbortSignal[] = [];
  const answer = beginCall(
    name,
    limits,
  )((signal) => {
    signals.push(signal);
    return new Promise(() => {});
  });
  await expect(answer).rejects.toThrow(
    /2 tries failed, the last with TimeoutError: no answer within 30 ms/,
  );
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
});
