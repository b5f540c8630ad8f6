import { createObjectMemory } from '@millrace/adapters/embedded/object-memory';
import { lazyObjects } from '@millrace/adapters/lazy-objects';

const bytes = new Uint8Array([1]);

test('the store is made at its first use, once, also for uses at the same time', async () => {
  let made = 0;
  const objects = lazyObjects(async () => {
    made++;
    return createObjectMemory();
  });
  expect(made).toBe(0);
  const answers = await Promise.all([objects.create('k', bytes), objects.create('k', bytes)]);
  expect(answers).toEqual(['created', 'exists']);
  expect(await objects.get('k')).toEqual({ bytes, metadata: {} });
  expect((await objects.list({ prefix: '' })).keys).toEqual(['k']);
  await objects.delete('k');
  expect(await objects.get('k')).toBeUndefined();
  expect(made).toBe(1);
});

test('after a failure to make it the next use tries again', async () => {
  let tries = 0;
  const objects = lazyObjects(async () => {
    if (++tries === 1) throw new Error('not yet');
    return createObjectMemory();
  });
  await expect(objects.create('k', bytes)).rejects.toThrow('not yet');
  expect(await objects.create('k', bytes)).toBe('created');
});
