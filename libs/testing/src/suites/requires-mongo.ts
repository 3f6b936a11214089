import { missingMongo } from '../missing-servers.ts';
import { describeUnless } from './requires-server.ts';

/** A suite that needs MongoDB; as `describeWith` for where it cannot be had. */
export async function describeWithMongo(name: string, suite: () => void): Promise<void> {
  describeUnless(await missingMongo(), name, suite);
}
