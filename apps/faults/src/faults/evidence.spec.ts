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

describe('the evidence that a fault hit something', () => {
  it.each(COMPONENTS)('is nothing when nothing was done to %s', (component) => {
    expect(evidenceOf({ use: USES[component] }, aftermath({}))).toEqual([]);
  });

  it.each(COMPONENTS)('is not only what others printed about %s', (component) => {
    const complaints = [`chat-1: ${component} is out`];
    expect(evidenceOf({ use: USES[component] }, aftermath({ complaints }))).toEqual([]);
  });

  it.each(COMPONENTS)('is what clients saw while %s was broken', (component) => {
    const use = USES[component];
    const { seen } = aftermath({ brokenAt: 11_000 });
    expect(evidenceOf({ use }, { seen, replaced: false, complaints: ['one'] })).toEqual([
      ...(use ? [use.what] : []),
      '1 connections broken',
      '1 complaints in the logs',
    ]);
  });

  it('is another process in place of one that was at work for us', () => {
    const evidence = evidenceOf({ use: USES.messages }, aftermath({ replaced: true }));
    expect(evidence).toEqual(['40 messages stored by it', 'its process is another']);
  });

  it('is not another process of what may have been idle', () => {
    expect(evidenceOf({ use: undefined }, aftermath({ replaced: true }))).toEqual([]);
  });

  it('is nothing for an instance that did nothing, whatever clients saw', () => {
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
