import { describe, expect, it } from '@jest/globals';
import type { ClientRecords } from '../check/disruption.ts';
import { evidenceOf, type FaultEffects } from './evidence.ts';
import { COMPONENTS, type Component } from './fault.ts';
import type { Use } from './fault-target.ts';

const FAULT = { startedAt: 10_000, endedAt: 15_000 };
const USES: Partial<Record<Component, Use>> = {
  chat: { count: 3, description: '3 of our sessions on it' },
  messages: { count: 40, description: '40 messages stored by it' },
};

describe('the evidence of a fault', () => {
  it.each(COMPONENTS)('is empty when nothing shows an effect on %s', (component) => {
    expect(evidenceOf({ use: USES[component] }, effects({}))).toEqual([]);
  });

  it.each(COMPONENTS)('is empty when only logs mention %s', (component) => {
    const logLines = [`chat-1: ${component} is unavailable`];
    expect(evidenceOf({ use: USES[component] }, effects({ logLines }))).toEqual([]);
  });

  it.each(COMPONENTS)('contains lost connections and related log lines for %s', (component) => {
    const use = USES[component];
    const { records } = effects({ lostAt: 11_000 });
    expect(evidenceOf({ use }, { records, replaced: false, logLines: ['one'] })).toEqual([
      ...(use ? [use.description] : []),
      'connections lost: 1',
      'related log lines: 1',
    ]);
  });

  it('contains the replaced process of an instance in use', () => {
    const evidence = evidenceOf({ use: USES.messages }, effects({ replaced: true }));
    expect(evidence).toEqual(['40 messages stored by it', 'its process was replaced']);
  });

  it('is empty for a replaced process that has no known use', () => {
    expect(evidenceOf({ use: undefined }, effects({ replaced: true }))).toEqual([]);
  });

  it('is empty for an idle instance even if connections were lost', () => {
    const idle = { use: { count: 0, description: '0 messages stored by it' } };
    expect(evidenceOf(idle, effects({ lostAt: 11_000, replaced: true }))).toEqual([]);
  });
});

function effects({
  lostAt,
  replaced = false,
  logLines = [],
}: {
  readonly lostAt?: number;
  readonly replaced?: boolean;
  readonly logLines?: readonly string[];
}): FaultEffects {
  const records: ClientRecords = {
    fault: FAULT,
    sends: [],
    connections: [{ name: 'ada/1', openedAt: 0, closedAt: lostAt, received: {} }],
    rooms: [],
  };
  return { records, replaced, logLines };
}
