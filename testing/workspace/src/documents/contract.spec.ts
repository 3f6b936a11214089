import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CLIENT_EVENTS, SERVER_EVENTS } from '@chat/contracts';
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
});

async function operations(): Promise<string[]> {
  const source = await readFile(join(ROOT, OPERATIONS_SPEC), 'utf8');
  const [, list = ''] = /^const OPERATIONS = \[$(.*?)^\];$/ms.exec(source) ?? [];
  return [...list.matchAll(/'([^']+)'/g)].map(([, operation = '']) => operation);
}
