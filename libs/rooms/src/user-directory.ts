import type { User } from '@chat/contracts';

/** Who is who; rooms keep ids only. */
export abstract class UserDirectory {
  /** Those of `ids` that exist, by id. */
  abstract publicUsers(ids: readonly string[]): Promise<Map<string, User>>;
}
