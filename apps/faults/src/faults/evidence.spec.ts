import { describe, expect, it } from '@jest/globals';
import type { Seen } from '../check/disturbance.ts';
import { evidenceOf, type Aftermath } from './evidence.ts';
import { COMPONENTS, type Component } from './fault.ts';
import type { Use } from './victim.ts';

const FAULT = { beganAt: 10_000, endedAt: 15_000 };
const USES: Partial<Record<Component, Use>> = {
  chat: { count: 3, what: '3 of our sessions on it' },
  messages: { count: 40, what: '40 messages stored by it' },
};

describe('the evidence of a fault', () => {
  it.each(COMPONENTS)('is empty when nothing shows an effect on %s', (component) => {
    expect(evidenceOf({ use: USES[component] }, aftermath({}))).toEqual([]);
  });

  it.each(COMPONENTS)('is empty when only logs complain about %s', (component) => {
    const complaints = [`chat-1: ${component} is out`];
    expect(evidenceOf({ use: USES[component] }, aftermath({ complaints }))).toEqual([]);
  });

  it.each(COMPONENTS)('holds broken connections and log complaints about %s', (component) => {
    const use = USES[component];
    const { seen } = aftermath({ brokenAt: 11_000 });
    expect(evidenceOf({ use }, { seen, replaced: false, complaints: ['one'] })).toEqual([
      ...(use ? [use.what] : []),
      '1 connections broken',
      '1 complaints in the logs',
    ]);
  });

  it('holds the replaced process of an instance in use', () => {
    const evidence = evidenceOf({ use: USES.messages }, aftermath({ replaced: true }));
    expect(evidence).toEqual(['40 messages stored by it', 'its process is another']);
  });

  it('is empty for a replaced process without known use', () => {
    expect(evidenceOf({ use: undefined }, aftermath({ replaced: true }))).toEqual([]);
  });

  it('is empty for an idle instance even when connections broke', () => {
    const idle = { use: { count: 0, what: '0 messages stored by it' } };
    expect(evidenceOf(idle, aftermath({ brokenAt: 11_000, replaced: true }))).toEqual([]);
  });
});

function aftermath({
  brokenAt,
  replaced = false,
  complaints = [],
}: {
  readonly brokenAt?: number;
  readonly replaced?: boolean;
  readonly complaints?: readonly string[];
}): Aftermath {
  const seen: Seen = {
    fault: FAULT,
    sends: [],
    connections: [{ name: 'ada/1', openedAt: 0, closedAt: brokenAt, shown: {} }],
    rooms: [],
  };
  return { seen, replaced, complaints };
}
