import { describe, expect, it } from '@jest/globals';
import { ChangeChooser, type Target } from './change-chooser.ts';

const OPTIONS = { userId: 'ada', roomId: 'general', name: 'w1-r1' };
const TARGETS: readonly Target[] = [
  { id: 'own', userId: 'ada' },
  { id: 'of-eve', userId: 'eve' },
  { id: 'deleted', userId: 'ada', deletedAt: '2026-11-01T00:00:00.000Z' },
];
const CHOICES = 1_000;

/** Returns the requests of many choices, each acknowledged at once; undefined for a send. */
function choose(role: 'owner' | 'member', name = OPTIONS.name) {
  const chooser = new ChangeChooser({ ...OPTIONS, name });
  return Array.from({ length: CHOICES }, (_, time) => {
    const request = chooser.next(TARGETS, role);
    const outcome = { kind: 'ok', time } as const;
    request?.attempts.push({ startedAt: time, connection: 'c', number: time, outcome });
    return request;
  });
}

describe('ChangeChooser', () => {
  it('makes the same choices for the same name, and others for another name', () => {
    expect(choose('owner')).toEqual(choose('owner'));
    const kinds = (name: string) => choose('owner', name).map((request) => request?.change.kind);
    expect(kinds('w1-r1')).not.toEqual(kinds('w1-r2'));
  });

  it('mostly chooses to send', () => {
    const changes = choose('member').filter((request) => request !== undefined);
    expect(changes.length).toBeGreaterThan(CHOICES * 0.1);
    expect(changes.length).toBeLessThan(CHOICES * 0.4);
  });

  it('edits and deletes only own messages, except as owner', () => {
    const targetsOf = (role: 'owner' | 'member', kind: string) =>
      new Set(
        choose(role).flatMap((request) =>
          request?.change.kind === kind ? [request.messageId] : [],
        ),
      );
    expect(targetsOf('member', 'edit')).toEqual(new Set(['own']));
    expect(targetsOf('member', 'delete')).toEqual(new Set(['own']));
    expect(targetsOf('owner', 'delete')).toEqual(new Set(['own', 'of-eve']));
  });

  it('requests no change twice, except deletions', () => {
    const changes = choose('member').flatMap((request) =>
      request && request.change.kind !== 'delete'
        ? [JSON.stringify([request.messageId, request.change])]
        : [],
    );
    expect(new Set(changes).size).toBe(changes.length);
  });

  it('removes only reactions that it has set', () => {
    const set = new Set<string>();
    for (const request of choose('member')) {
      if (request?.change.kind !== 'react') continue;
      const key = `${request.messageId} ${request.change.emoji}`;
      if (request.change.on) set.add(key);
      else expect(set).toContain(key);
    }
    expect(set.size).toBeGreaterThan(0);
  });
});
