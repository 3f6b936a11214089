import { describe, expect, it } from '@jest/globals';
import { isRoomName, suggestRoomName } from './room-name.ts';

describe('suggestRoomName', () => {
  it.each([
    ['Team Lunch', 'team-lunch'],
    ['  Überraschung! ', 'uberraschung'],
    ['#dev.ops_2', 'dev.ops_2'],
    ['--a  b--', 'a-b'],
    ['チャット', ''],
    ['x'.repeat(80), 'x'.repeat(64)],
  ])('converts %j to %j', (text, name) => {
    expect(suggestRoomName(text)).toBe(name);
  });

  it('returns a valid name unchanged', () => {
    expect(isRoomName('release-1.2_final')).toBe(true);
    expect(suggestRoomName('release-1.2_final')).toBe('release-1.2_final');
  });
});
