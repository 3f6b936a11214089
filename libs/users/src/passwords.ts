import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';
import { UnavailableError } from '@chat/platform/failures';
import { ConcurrencyLimiter } from '@chat/platform/limits';

/** OWASP's first choice for argon2id, which is the library's default: 19 MiB, two passes. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** A hash takes 19 MiB and tens of milliseconds of CPU time; more concurrency has no benefit. */
const LIMITS = { concurrent: 2, waiting: 400 };

/** Hashes and checks passwords with argon2id. */
@Injectable()
export class Passwords {
  readonly #limiter = new ConcurrencyLimiter(
    LIMITS,
    () => new UnavailableError('The server is busy. Please try again in a few seconds.', 5_000),
  );
  /** Verified when there is no account, so that the response takes the same time. */
  readonly #dummyHash = hash(randomBytes(16), COST);

  /**
   * Hashes a password with a random salt.
   *
   * @returns the hash in PHC string form, including the salt.
   * @throws UnavailableError when too many calls are already waiting.
   */
  hash(password: string): Promise<string> {
    return this.#limiter.run(() => hash(password, COST));
  }

  /**
   * Returns whether a password matches a hash. If there is no hash, returns false after doing the
   * same work.
   *
   * @throws UnavailableError when too many calls are already waiting.
   */
  matches(passwordHash: string | undefined, password: string): Promise<boolean> {
    return this.#limiter.run(async () => {
      const matched = await verify(passwordHash ?? (await this.#dummyHash), password);
      return matched && passwordHash !== undefined;
    });
  }
}
