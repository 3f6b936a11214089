import { afterEach, beforeEach } from '@jest/globals';

/** Opens a store that holds nothing; `close` lets go of all that it took. */
export type OpenStore<Store> = () => Promise<{
  readonly store: Store;
  readonly close: () => Promise<void>;
}>;

/** A store for each test of the suite that this is called in; what is returned gives it to the test. */
export function freshStore<Store>(open: OpenStore<Store>): () => Store {
  let opened: Awaited<ReturnType<OpenStore<Store>>> | undefined;
  beforeEach(async () => {
    opened = await open();
  });
  afterEach(async () => {
    await opened?.close();
    opened = undefined;
  });
  return () => {
    if (!opened) throw new Error('there is a store within a test only');
    return opened.store;
  };
}
