import { HealthChecks } from '@chat/platform/monitoring';
import { SessionStore, UserStore } from '@chat/users';
import { Global, Module, type DynamicModule } from '@nestjs/common';
import { getConnectionToken, getModelToken, MongooseModule } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { MongoConnectionModule, registerHealthCheck, withIndexes } from './mongo-connection.ts';
import type { MongoSettings } from './mongo-settings.ts';
import { MongoSessionStore } from './users/mongo-session-store.ts';
import { MongoUserStore } from './users/mongo-user-store.ts';
import { sessionSchema, type SessionDocument } from './users/session.schema.ts';
import { userSchema, type UserDocument } from './users/user.schema.ts';

const CONNECTION = 'users';
const USERS = 'User';
const SESSIONS = 'Session';

/** Stores the users and sessions of the `users` service in its own database. */
@Global()
@Module({})
export class MongoUsersStorageModule {
  /** Provides the stores once every index can be used. */
  static forRoot(settings: MongoSettings): DynamicModule {
    return {
      module: MongoUsersStorageModule,
      imports: [
        MongoConnectionModule.of(CONNECTION, settings),
        MongooseModule.forFeature(
          [
            { name: USERS, schema: userSchema },
            { name: SESSIONS, schema: sessionSchema },
          ],
          CONNECTION,
        ),
      ],
      providers: [
        {
          provide: UserStore,
          inject: [getModelToken(USERS, CONNECTION)],
          useFactory: async (users: Model<UserDocument>) =>
            new MongoUserStore(await withIndexes(users)),
        },
        {
          provide: SessionStore,
          inject: [getModelToken(SESSIONS, CONNECTION)],
          useFactory: async (sessions: Model<SessionDocument>) =>
            new MongoSessionStore(await withIndexes(sessions)),
        },
        {
          provide: 'users-storage-health',
          inject: [HealthChecks, getConnectionToken(CONNECTION)],
          useFactory: registerHealthCheck,
        },
      ],
      exports: [UserStore, SessionStore],
    };
  }
}
