import { missingMongo } from '../servers/missing-servers.ts';
import { describeUnlessMissing } from './requires-server.ts';

/** Declares a suite that needs MongoDB; without it the suite is skipped as by `describeWithProgram`. */
export async function describeWithMongo(name: string, suite: () => void): Promise<void> {
  describeUnlessMissing(await missingMongo(), name, suite);
}
