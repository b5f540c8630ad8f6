/**
 * A function of the template in a process of its own, as Lambda runs it: the handler module reads the
 * environment and makes its clients. Takes events from its parent and answers them.
 */
export interface Invocation {
  readonly event: unknown;
  readonly remainingMs: number;
}

export type Answer = { readonly result: unknown } | { readonly error: string };

type Handler = (event: unknown, context: unknown) => Promise<unknown>;

async function answerTo(handler: Handler, { event, remainingMs }: Invocation): Promise<Answer> {
  const endsAtMs = performance.now() + remainingMs;
  const context = {
    functionName: 'permissions',
    awsRequestId: '00000000-0000-4000-8000-000000000000',
    // Whole ones, as Lambda gives them.
    getRemainingTimeInMillis: () => Math.floor(endsAtMs - performance.now()),
  };
  try {
    return { result: (await handler(event, context)) ?? null };
  } catch (error) {
    return { error: error instanceof Error ? String(error.stack) : String(error) };
  }
}

async function serve(path: string): Promise<void> {
  const { handler } = (await import(path)) as { handler: Handler };
  process.on('message', async (invocation: Invocation) => {
    process.send?.(await answerTo(handler, invocation));
  });
  process.send?.('ready');
}

serve(String(process.argv[2])).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
