import type { SessionRecord } from '@chat/users';
import { optionalText, text, type Row, type Statements } from './statements.ts';

export function insertSession(db: Statements, session: SessionRecord): void {
  db.run(
    `INSERT INTO sessions (id, user_id, generation, rotated_at, created_at, expires_at, user_agent)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
    session.id,
    session.userId,
    session.generation,
    session.rotatedAt,
    session.createdAt,
    session.expiresAt,
    session.userAgent ?? null,
  );
}

export function findSessions(db: Statements, ids: readonly string[], now: string): SessionRecord[] {
  return ids.flatMap((id) => {
    const row = db.get('SELECT * FROM sessions WHERE id = ? AND expires_at > ?', id, now);
    return toSession(row) ?? [];
  });
}

export function rotateSession(
  db: Statements,
  id: string,
  fromGeneration: number,
  times: { readonly rotatedAt: string; readonly expiresAt: string },
): SessionRecord | undefined {
  return toSession(
    db.get(
      `UPDATE sessions SET generation = generation + 1, rotated_at = ?, expires_at = ?
       WHERE id = ? AND generation = ? AND expires_at > ? RETURNING *`,
      times.rotatedAt,
      times.expiresAt,
      id,
      fromGeneration,
      times.rotatedAt,
    ),
  );
}

export function listSessions(db: Statements, userId: string, now: string): SessionRecord[] {
  return db
    .all(
      `SELECT * FROM sessions WHERE user_id = ? AND expires_at > ?
       ORDER BY created_at DESC, id`,
      userId,
      now,
    )
    .flatMap((row) => toSession(row) ?? []);
}

export function deleteSession(db: Statements, id: string): boolean {
  return db.run('DELETE FROM sessions WHERE id = ?', id) > 0;
}

export function deleteExpiredSessions(db: Statements, now: string): number {
  return db.run('DELETE FROM sessions WHERE expires_at <= ?', now);
}

function toSession(row: Row | undefined): SessionRecord | undefined {
  if (!row) return undefined;
  const userAgent = optionalText(row, 'user_agent');
  return {
    id: text(row, 'id'),
    userId: text(row, 'user_id'),
    generation: Number(row['generation']),
    rotatedAt: text(row, 'rotated_at'),
    createdAt: text(row, 'created_at'),
    expiresAt: text(row, 'expires_at'),
    ...(userAgent === undefined ? {} : { userAgent }),
  };
}
