import { mongoBinary } from '../mongo-binary.ts';
import { describeUnless } from './requires-server.ts';

/** A suite that needs MongoDB; as `describeWith` for where it cannot be had. */
export async function describeWithMongo(name: string, suite: () => void): Promise<void> {
  describeUnless(await missingMongo(), name, suite);
}

/** Why there is no MongoDB; undefined if there is. */
export function missingMongo(): Promise<string | undefined> {
  return mongoBinary().then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}
