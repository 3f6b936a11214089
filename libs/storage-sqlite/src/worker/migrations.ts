import type { DatabaseSync } from 'node:sqlite';

/**
 * Migrations, numbered from 1 in this order; the number of the last one applied is the
 * database's `user_version`. A released migration is never changed.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL UNIQUE,
    username TEXT NOT NULL,
    username_key TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    display_name_key TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX users_by_display_name ON users (display_name_key);

  CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    generation INTEGER NOT NULL,
    rotated_at TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    user_agent TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX sessions_by_user ON sessions (user_id);
  CREATE INDEX sessions_by_expiry ON sessions (expires_at);

  CREATE TABLE rooms (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    visibility TEXT NOT NULL,
    topic TEXT,
    topic_key TEXT,
    created_by TEXT,
    created_at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX rooms_by_visibility ON rooms (visibility, name_key);

  CREATE TABLE members (
    room_id TEXT NOT NULL REFERENCES rooms (id),
    user_id TEXT NOT NULL,
    role TEXT NOT NULL,
    joined_at TEXT NOT NULL,
    PRIMARY KEY (room_id, user_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX members_by_user ON members (user_id);

  CREATE TABLE messages (
    room_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    id TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL,
    username TEXT NOT NULL,
    text TEXT NOT NULL,
    timestamp TEXT NOT NULL,
    client_message_id TEXT,
    PRIMARY KEY (room_id, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX messages_by_rev ON messages (room_id, rev);
  `,
  `
  ALTER TABLE rooms ADD COLUMN deleted_at TEXT;
  `,
  `
  CREATE INDEX users_by_creation ON users (created_at, id);
  `,
  `
  ALTER TABLE messages ADD COLUMN changed_rev INTEGER;
  ALTER TABLE messages ADD COLUMN edited_at TEXT;
  ALTER TABLE messages ADD COLUMN deleted_at TEXT;
  ALTER TABLE messages ADD COLUMN reactions TEXT;

  CREATE TABLE message_updates (
    room_id TEXT NOT NULL,
    rev INTEGER NOT NULL,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    message_id TEXT,
    actor TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (room_id, rev)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE message_versions (
    message_id TEXT NOT NULL,
    rev INTEGER NOT NULL,
    text TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (message_id, rev)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  ALTER TABLE members ADD COLUMN last_read_seq INTEGER;
  `,
];

/** The data was written by a newer version of the server. */
export class NewerDataError extends Error {
  override readonly name = 'NewerDataError';
}

/**
 * Migrates the database to the newest version, with one transaction for each migration.
 *
 * @throws NewerDataError
 */
export function migrate(db: DatabaseSync): void {
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version > MIGRATIONS.length) {
    throw new NewerDataError(
      `The data has version ${version}, which is newer than this server understands (${MIGRATIONS.length}).`,
    );
  }
  for (const [index, migration] of MIGRATIONS.entries()) {
    if (index < version) continue;
    db.exec('BEGIN IMMEDIATE');
    try {
      db.exec(migration);
      db.exec(`PRAGMA user_version = ${index + 1}`);
      db.exec('COMMIT');
    } catch (error) {
      db.exec('ROLLBACK');
      throw error;
    }
  }
}
