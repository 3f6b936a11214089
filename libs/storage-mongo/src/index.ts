export { MongoMessagesStorageModule } from './mongo-messages-storage.module.ts';
export * from './mongo-settings.ts';
export { MongoUsersStorageModule } from './mongo-users-storage.module.ts';
