import type { WatchedFunction } from './watched-function';

const TRIES_MAX = 10;

/**
 * Lets a sink fail until the function's breaker opens, and then come back: the next invocation, of a
 * container that has just started, tries it and closes the breaker.
 */
export async function failUntilOpen(
  watched: WatchedFunction,
  event: unknown,
  sink: { readonly name: string; readonly action: string },
): Promise<void> {
  const control = watched.table('ControlTable');
  const key = { pk: `CB#${sink.name}`, sk: '-' };
  watched.recorder.script = (_request, [need]) =>
    need?.action === sink.action ? { status: 503, body: '{}' } : null;
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    await watched.invoke(event);
    const [item] = await control.getMany([key]);
    if (item?.state !== 'open') continue;
    await control.update(key, { untilMs: 1 });
    watched.recorder.script = () => null;
    return watched.restart({});
  }
  throw new Error(`the breaker of ${sink.name} is not open after ${TRIES_MAX} failures`);
}
