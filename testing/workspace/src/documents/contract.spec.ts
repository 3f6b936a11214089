import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CLIENT_EVENTS, Role, SERVER_EVENTS } from '@chat/contracts';
import { describe, expect, it } from '@jest/globals';
import { ROOT } from '../nx.ts';
import { codeIn, documentedRows } from './document-tables.ts';

/** Compares the operations of the running servers with its list `OPERATIONS`. */
const OPERATIONS_SPEC = 'apps/chat-e2e/src/single-origin/documents.spec.ts';

describe('docs/contract.md', () => {
  it.each([
    ['client event', CLIENT_EVENTS],
    ['server event', SERVER_EVENTS],
  ])('lists exactly the %ss that the schemas define', async (kind, events) => {
    const rows = await documentedRows('docs/contract.md', kind);
    const documented = rows.flatMap((row) => codeIn(row[kind]));
    expect(documented.toSorted()).toEqual(Object.keys(events).toSorted());
  });

  it(`lists exactly the REST operations in ${OPERATIONS_SPEC}`, async () => {
    const rows = await documentedRows('docs/contract.md', 'call');
    const documented = rows
      .flatMap((row) => codeIn(row['call']))
      .filter((code) => /^[A-Z]+ \//.test(code))
      .map((call) => call.replace(/\?.*/, '').replaceAll(/:(\w+)/g, '{$1}'));
    expect(documented.toSorted()).toEqual(await operations());
  });

  it('says the same about roles as the policy of rooms', async () => {
    const { can, ROOM_ACTIONS } = (await import(join(ROOT, 'libs/rooms/src/policy.ts'))) as Policy;
    const rows = await documentedRows('docs/contract.md', 'action');
    const documented = rows.flatMap((row) =>
      Role.options.flatMap((actor) =>
        Role.options.map((target) => {
          const targets = codeIn(row['to']);
          const isTarget = targets.length === 0 || targets.includes(target);
          return [camelCase(row['action']), actor, target, row[actor] === 'yes' && isTarget];
        }),
      ),
    );
    const decided = ROOM_ACTIONS.flatMap((action) =>
      Role.options.flatMap((actor) =>
        Role.options.map((target) => [action, actor, target, can(actor, action, target)]),
      ),
    );
    expect(documented).toEqual(decided);
  });
});

interface Policy {
  readonly ROOM_ACTIONS: readonly string[];
  readonly can: (actor: Role, action: string, target: Role) => boolean;
}

function camelCase(words = ''): string {
  return words.replaceAll(/ (.)/g, (_, letter: string) => letter.toUpperCase());
}

async function operations(): Promise<string[]> {
  const source = await readFile(join(ROOT, OPERATIONS_SPEC), 'utf8');
  const [, list = ''] = /^const OPERATIONS = \[$(.*?)^\];$/ms.exec(source) ?? [];
  return [...list.matchAll(/'([^']+)'/g)].map(([, operation = '']) => operation);
}
