import { SessionStatus } from '@chat/auth';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import type { z } from 'zod';
import { ForServices } from '../credentials/for-services.ts';
import { ACTIVE_SESSIONS_CALL } from './session-status-calls.ts';

@ForServices()
@Controller()
export class SessionStatusController {
  constructor(private readonly sessions: SessionStatus) {}

  @Post(ACTIVE_SESSIONS_CALL.path)
  @HttpCode(200)
  async filterActive(
    @Body({ schema: ACTIVE_SESSIONS_CALL.request })
    { sessionIds }: z.output<typeof ACTIVE_SESSIONS_CALL.request>,
  ): Promise<{ active: string[] }> {
    return { active: [...(await this.sessions.filterActive(sessionIds))] };
  }
}
