import { CLIENT_EVENTS, SERVER_EVENTS } from '@chat/contracts';
import { describe, expect, it } from '@jest/globals';
import { codeIn, documentedRows } from './document-tables.ts';

describe('docs/contract.md', () => {
  it.each([
    ['client event', CLIENT_EVENTS],
    ['server event', SERVER_EVENTS],
  ])('lists exactly the %ss that the schemas define', async (kind, events) => {
    const rows = await documentedRows('docs/contract.md', kind);
    const documented = rows.flatMap((row) => codeIn(row[kind]));
    expect(documented.toSorted()).toEqual(Object.keys(events).toSorted());
  });
});
