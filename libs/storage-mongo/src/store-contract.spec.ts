import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from '@jest/globals';
import { MessageStore } from '@chat/messages';
import { RoomStore } from '@chat/rooms';
import {
  describeMessageLog,
  describeMessageStore,
  describeRoomStore,
  describeSessionStore,
  describeUserStore,
  type OpenStore,
} from '@chat/store-contract';
import { MongoServer } from '@chat/testing';
import { describeWithMongo } from '@chat/testing/suites';
import { SessionStore, UserStore } from '@chat/users';
import type { Abstract } from '@nestjs/common';
import { MongoMessagesStorageModule, MongoUsersStorageModule } from './index.ts';
import { openStorage } from '../test/open-storage.ts';

await describeWithMongo('MongoDB:', () => {
  let server: MongoServer;
  beforeAll(async () => {
    server = await MongoServer.start();
  });
  afterAll(() => server.close());

  /** Opens each store in a separate database. */
  function storeOpener<Store>(
    module: typeof MongoUsersStorageModule | typeof MongoMessagesStorageModule,
    port: Abstract<Store>,
  ): OpenStore<Store> {
    return async () => {
      const uri = server.url(`test-${randomUUID()}`);
      const storage = await openStorage(module.forRoot({ uri, timeoutMs: 10_000 }));
      return { store: storage.get(port), close: () => storage.close() };
    };
  }

  describeUserStore('Mongo', storeOpener(MongoUsersStorageModule, UserStore));
  describeSessionStore('Mongo', storeOpener(MongoUsersStorageModule, SessionStore));
  describeRoomStore('Mongo', storeOpener(MongoMessagesStorageModule, RoomStore));
  const messages = storeOpener(MongoMessagesStorageModule, MessageStore);
  const tooLarge = 'x'.repeat(17_000_000);
  describeMessageStore('Mongo', messages, { text: tooLarge });
  describeMessageLog('Mongo', messages, tooLarge);
});
