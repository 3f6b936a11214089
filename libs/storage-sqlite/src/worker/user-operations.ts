import type { InsertUserOutcome, UserRecord } from '@chat/users';
import { text, type Row, type Statements } from './statements.ts';

/** Case-folded values by which users are compared and searched. */
export interface UserKeys {
  readonly email: string;
  readonly username: string;
  readonly displayName: string;
}

export function insertUser(db: Statements, user: UserRecord, keys: UserKeys): InsertUserOutcome {
  if (db.get('SELECT 1 FROM users WHERE email_key = ?', keys.email)) return 'email-taken';
  if (db.get('SELECT 1 FROM users WHERE username_key = ?', keys.username)) return 'username-taken';
  db.run(
    `INSERT INTO users (id, email, email_key, username, username_key, display_name,
       display_name_key, password_hash, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    user.id,
    user.email,
    keys.email,
    user.username,
    keys.username,
    user.displayName,
    keys.displayName,
    user.passwordHash,
    user.createdAt,
  );
  return 'inserted';
}

export function findUserById(db: Statements, id: string): UserRecord | undefined {
  return toUser(db.get('SELECT * FROM users WHERE id = ?', id));
}

export function findUsersByIds(db: Statements, ids: readonly string[]): UserRecord[] {
  return [...new Set(ids)].flatMap((id) => findUserById(db, id) ?? []);
}

export function firstUserId(db: Statements): string | undefined {
  const row = db.get('SELECT id FROM users ORDER BY created_at, id LIMIT 1');
  return row && text(row, 'id');
}

export function findUserByEmail(db: Statements, emailKey: string): UserRecord | undefined {
  return toUser(db.get('SELECT * FROM users WHERE email_key = ?', emailKey));
}

/**
 * Returns users whose username or display name starts with a key. Ranges, unlike LIKE,
 * use both indexes, and no character is special in them. They end at the byte 0xFF,
 * which never occurs in UTF-8.
 */
export function searchUsers(db: Statements, key: string, limit: number): UserRecord[] {
  const rows = db.all(
    `SELECT * FROM users
       WHERE username_key >= ? AND username_key < ? || CAST(X'FF' AS TEXT)
     UNION SELECT * FROM users
       WHERE display_name_key >= ? AND display_name_key < ? || CAST(X'FF' AS TEXT)
     ORDER BY username_key LIMIT ?`,
    key,
    key,
    key,
    key,
    limit,
  );
  return rows.flatMap((row) => toUser(row) ?? []);
}

export function updateDisplayName(
  db: Statements,
  id: string,
  displayName: string,
  key: string,
): UserRecord | undefined {
  return toUser(
    db.get(
      'UPDATE users SET display_name = ?, display_name_key = ? WHERE id = ? RETURNING *',
      displayName,
      key,
      id,
    ),
  );
}

function toUser(row: Row | undefined): UserRecord | undefined {
  return (
    row && {
      id: text(row, 'id'),
      email: text(row, 'email'),
      username: text(row, 'username'),
      displayName: text(row, 'display_name'),
      passwordHash: text(row, 'password_hash'),
      createdAt: text(row, 'created_at'),
    }
  );
}
