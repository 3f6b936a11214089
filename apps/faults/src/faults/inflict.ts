import { setTimeout as delay } from 'node:timers/promises';
import type { ServicesTopology } from '@chat/testing';
import type { ProcessWatch } from '../process-watch.ts';
import type { Kind } from './fault.ts';
import type { Victim } from './victim.ts';

/** How long something that was killed is away before it is started again. */
const KILLED_MS = 3_000;
/** The same for something that was told to stop. */
const STOPPED_MS = 1_000;
/** Longer than every time limit of the stage. */
const SILENT_MS = 5_000;

/** Does the fault and ends it. Resolves once the victim works again, as far as it says itself. */
export async function inflict(
  kind: Kind,
  { control, part, process }: Victim,
  topology: ServicesTopology,
  watch: ProcessWatch,
): Promise<void> {
  switch (kind) {
    case 'freeze':
      await control.freeze();
      await delay(SILENT_MS);
      control.thaw();
      return;
    case 'cut':
      topology.swallow(part);
      await delay(SILENT_MS);
      await topology.restore(part);
      return;
    case 'kill':
    case 'restart':
      if (process) watch.expectEnd(process);
      if (kind === 'kill') {
        await control.kill();
        await delay(KILLED_MS);
      } else {
        await control.stop();
        await delay(STOPPED_MS);
      }
      await control.start();
      if (process) watch.expectLife(process);
      return;
  }
}
