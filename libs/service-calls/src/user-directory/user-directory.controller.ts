import type { User } from '@chat/contracts';
import { Users } from '@chat/users';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import type { z } from 'zod';
import { ForServices } from '../credentials/for-services.ts';
import { FIRST_USER_CALL, PUBLIC_USERS_CALL } from './user-directory-calls.ts';

@ForServices()
@Controller()
export class UserDirectoryController {
  constructor(private readonly users: Users) {}

  @Post(PUBLIC_USERS_CALL.path)
  @HttpCode(200)
  async publicUsers(
    @Body({ schema: PUBLIC_USERS_CALL.request })
    { ids }: z.output<typeof PUBLIC_USERS_CALL.request>,
  ): Promise<{ users: User[] }> {
    return { users: await this.users.publicUsers(ids) };
  }

  @Post(FIRST_USER_CALL.path)
  @HttpCode(200)
  async firstUser(): Promise<{ userId: string | null }> {
    return { userId: (await this.users.firstUserId()) ?? null };
  }
}
