import { missingMongo } from '../servers/missing-servers.ts';
import { describeUnlessMissing } from './requires-server.ts';

/** Declares a suite that needs MongoDB; skipped like `describeWithProgram` if it is missing. */
export async function describeWithMongo(name: string, suite: () => void): Promise<void> {
  describeUnlessMissing(await missingMongo(), name, suite);
}
