import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { RoomSettings, roomSettings } from './room-settings.ts';

const settingsOf = (values: Record<string, string>) =>
  RoomSettings.of(z.object(roomSettings).parse(values));

describe('the settings of rooms', () => {
  it('create unknown rooms unless ROOMS_AUTO_CREATE is false', () => {
    expect(settingsOf({}).autoCreate).toBe(true);
    expect(settingsOf({ ROOMS_AUTO_CREATE: 'false' }).autoCreate).toBe(false);
  });
});
