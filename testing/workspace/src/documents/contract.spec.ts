import { CLIENT_EVENTS, SERVER_EVENTS } from '@chat/contracts';
import { describe, expect, it } from '@jest/globals';
import { codeIn, documentedRows } from './document-tables.ts';

describe('docs/contract.md', () => {
  it.each([
    ['client event', CLIENT_EVENTS],
    ['server event', SERVER_EVENTS],
  ])('has each %s of the schemas in its table, and no other', async (kind, events) => {
    const rows = await documentedRows('docs/contract.md', kind);
    const documented = rows.flatMap((row) => codeIn(row[kind]));
    expect(documented.toSorted()).toEqual(Object.keys(events).toSorted());
  });
});
