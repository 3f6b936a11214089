import { SessionStatus } from '@chat/auth';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import type { z } from 'zod';
import { ForServices } from '../credentials/for-services.ts';
import { SESSION_ACTIVE_CALL } from './session-status-calls.ts';

@ForServices()
@Controller()
export class SessionStatusController {
  constructor(private readonly sessions: SessionStatus) {}

  @Post(SESSION_ACTIVE_CALL.path)
  @HttpCode(200)
  async isActive(
    @Body({ schema: SESSION_ACTIVE_CALL.request })
    { sessionId }: z.output<typeof SESSION_ACTIVE_CALL.request>,
  ): Promise<{ active: boolean }> {
    return { active: await this.sessions.isActive(sessionId) };
  }
}
