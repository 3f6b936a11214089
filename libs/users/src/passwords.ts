import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';
import { BoundedWork, UnavailableError } from '@chat/platform';

/** OWASP's first choice for argon2id, which is the library's default: 19 MiB, two passes. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Hashing takes 19 MiB and tens of milliseconds of a core each; more at once helps nobody. */
const LIMITS = { concurrent: 2, waiting: 400 };

/** Hashes and checks passwords with argon2id. */
@Injectable()
export class Passwords {
  private readonly work = new BoundedWork(
    LIMITS,
    () => new UnavailableError('Too many people are signing in; please try again shortly.', 5_000),
  );
  /** Compared with when there is no account, so that the answer takes as long. */
  private readonly decoy = hash(randomBytes(16), COST);

  /**
   * @returns the hash in PHC string form, salt included.
   * @throws UnavailableError when too many wait already.
   */
  hash(password: string): Promise<string> {
    return this.work.run(() => hash(password, COST));
  }

  /**
   * Whether the password is the one that was hashed. Without a hash the answer
   * is false, after the same work.
   *
   * @throws UnavailableError when too many wait already.
   */
  matches(passwordHash: string | undefined, password: string): Promise<boolean> {
    return this.work.run(async () => {
      const matched = await verify(passwordHash ?? (await this.decoy), password);
      return matched && passwordHash !== undefined;
    });
  }
}
