import { createRemainingTime } from '@millrace/adapters/remaining-time';

const context = (leftMs: number) => ({ getRemainingTimeInMillis: () => leftMs });

test('a call may take what the invocation has left, less a margin', async () => {
  const time = createRemainingTime();
  const leftMs = time.until(500);
  const handler = time.during(async (_event: string, _context: ReturnType<typeof context>) =>
    leftMs(),
  );

  expect(await handler('', context(3_000))).toBe(2_500);
  expect(await handler('', context(100))).toBe(-400);
});

test.each(['answered', 'failed'])(
  'between invocations there is no end, when one %s',
  async (how) => {
    const time = createRemainingTime();
    const handler = time.during(async (fails: boolean, _context: ReturnType<typeof context>) => {
      if (fails) throw new Error('failed');
    });

    await handler(how === 'failed', context(1)).catch(() => undefined);

    expect(time.until(500)()).toBe(Number.POSITIVE_INFINITY);
  },
);
