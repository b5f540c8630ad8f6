import type { Item, KeyValueStore, RangeQuery } from '../port';

/** Every item of a table, page by page. */
export async function* scanAll(store: KeyValueStore): AsyncGenerator<Item> {
  let after: string | undefined;
  do {
    const page = await store.scan(after === undefined ? {} : { after });
    yield* page.items;
    after = page.next;
  } while (after !== undefined);
}

/** Every item of a range, page by page. */
export async function* queryAll(store: KeyValueStore, range: RangeQuery): AsyncGenerator<Item> {
  let after: string | undefined;
  do {
    const page = await store.query(after === undefined ? range : { ...range, after });
    yield* page.items;
    after = page.next;
  } while (after !== undefined);
}
