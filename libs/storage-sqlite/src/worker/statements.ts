import type { DatabaseSync, StatementSync } from 'node:sqlite';

export type SqlValue = string | number | null;
export type Row = Readonly<Record<string, SqlValue>>;

/**
 * Runs SQL with cached prepared statements. Placeholders are plain `?`: older versions
 * of Node do not bind numbered parameters by position.
 */
export class Statements {
  readonly #prepared = new Map<string, StatementSync>();
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Returns the first row; undefined if there is none. */
  get(sql: string, ...values: SqlValue[]): Row | undefined {
    return this.#prepare(sql).get(...values) as Row | undefined;
  }

  all(sql: string, ...values: SqlValue[]): Row[] {
    return this.#prepare(sql).all(...values) as Row[];
  }

  /** Reads rows one by one while the caller iterates. */
  iterate(sql: string, ...values: SqlValue[]): Iterable<Row> {
    return this.#prepare(sql).iterate(...values) as Iterable<Row>;
  }

  /** Returns the number of changed rows. */
  run(sql: string, ...values: SqlValue[]): number {
    return Number(this.#prepare(sql).run(...values).changes);
  }

  #prepare(sql: string): StatementSync {
    const prepared = this.#prepared.get(sql) ?? this.#db.prepare(sql);
    this.#prepared.set(sql, prepared);
    return prepared;
  }
}

/** Returns the value of a column that the schema declares as text. */
export function text(row: Row, column: string): string {
  return String(row[column]);
}

/** Returns the value of a text column; undefined for NULL. */
export function optionalText(row: Row, column: string): string | undefined {
  const value = row[column];
  return value === null || value === undefined ? undefined : String(value);
}

/** Returns the value of an integer column; undefined for NULL. */
export function optionalInteger(row: Row, column: string): number | undefined {
  const value = row[column];
  return value === null || value === undefined ? undefined : Number(value);
}
