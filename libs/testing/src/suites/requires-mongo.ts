import { missingMongo } from '../missing-servers.ts';
import { describeUnless } from './requires-server.ts';

/** Declares a suite that needs MongoDB; without it the suite is skipped as by `describeWith`. */
export async function describeWithMongo(name: string, suite: () => void): Promise<void> {
  describeUnless(await missingMongo(), name, suite);
}
