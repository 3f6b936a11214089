import type { Role, RoomHead } from '@chat/contracts';
import { CommandAccess, DeletedMessageError, MessageHistory, type RoomRev } from '@chat/messages';
import { Failure, NotFoundError } from '@chat/platform/failures';
import { encodeJsonInChunks } from '@chat/platform/http';
import { ReadPositions, RoomAccess, RoomsOfUsers } from '@chat/rooms';
import { Body, Controller, HttpCode, Post, type StreamableFile } from '@nestjs/common';
import type { z } from 'zod';
import { ForServices } from '../credentials/for-services.ts';
import { RefusalCode, ROOM_DIRECTORY_CALLS as CALLS } from './room-directory-calls.ts';

/** Serves calls from `chat`, which has already authenticated the user. */
@ForServices()
@Controller()
export class RoomDirectoryController {
  constructor(
    private readonly access: RoomAccess,
    private readonly roomsOfUsers: RoomsOfUsers,
    private readonly history: MessageHistory,
    private readonly commands: CommandAccess,
    private readonly readPositions: ReadPositions,
  ) {}

  @Post(CALLS.join.path)
  @HttpCode(200)
  async join(
    @Body({ schema: CALLS.join.request }) { userId, roomId }: z.output<typeof CALLS.join.request>,
  ): Promise<{ role: Role; head: RoomHead }> {
    const { role } = await this.access.join(userId, roomId);
    return { role, head: await this.history.headOf(roomId) };
  }

  @Post(CALLS.rolesOf.path)
  @HttpCode(200)
  async rolesOf(
    @Body({ schema: CALLS.rolesOf.request })
    { memberships }: z.output<typeof CALLS.rolesOf.request>,
  ): Promise<{ roles: (Role | null)[] }> {
    const roles = await this.access.rolesOf(memberships);
    return { roles: roles.map((role) => role ?? null) };
  }

  @Post(CALLS.positionsOf.path)
  @HttpCode(200)
  async positionsOf(
    @Body({ schema: CALLS.positionsOf.request })
    { userIds }: z.output<typeof CALLS.positionsOf.request>,
  ): Promise<StreamableFile> {
    return (await encodeJsonInChunks(await this.roomsOfUsers.positionsOf(userIds))).body;
  }

  @Post(CALLS.head.path)
  @HttpCode(200)
  head(
    @Body({ schema: CALLS.head.request }) { roomId }: z.output<typeof CALLS.head.request>,
  ): Promise<RoomHead> {
    return this.history.headOf(roomId);
  }

  @Post(CALLS.newerRevs.path)
  @HttpCode(200)
  async newerRevs(
    @Body({ schema: CALLS.newerRevs.request })
    { known }: z.output<typeof CALLS.newerRevs.request>,
  ): Promise<{ moved: RoomRev[] }> {
    return { moved: await this.history.newerRevs(known) };
  }

  @Post(CALLS.changes.path)
  @HttpCode(200)
  async changes(
    @Body({ schema: CALLS.changes.request })
    { roomId, since, limit }: z.output<typeof CALLS.changes.request>,
  ): Promise<StreamableFile> {
    return (await encodeJsonInChunks(await this.history.changesOf(roomId, since, limit))).body;
  }

  @Post(CALLS.requireAllowed.path)
  @HttpCode(200)
  async requireAllowed(
    @Body({ schema: CALLS.requireAllowed.request })
    command: z.output<typeof CALLS.requireAllowed.request>,
  ): Promise<z.output<typeof CALLS.requireAllowed.response>> {
    try {
      await this.commands.requireAllowed(command);
      return {};
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const code = RefusalCode.safeParse(error.code);
      if (!code.success) throw error;
      const isDeleted = error instanceof DeletedMessageError;
      return { refusal: { code: code.data, message: error.message, isDeleted } };
    }
  }

  @Post(CALLS.moveReadPosition.path)
  @HttpCode(200)
  async moveReadPosition(
    @Body({ schema: CALLS.moveReadPosition.request })
    move: z.output<typeof CALLS.moveReadPosition.request>,
  ): Promise<z.output<typeof CALLS.moveReadPosition.response>> {
    try {
      return { position: await this.readPositions.move(move) };
    } catch (error) {
      if (error instanceof NotFoundError) return { position: null };
      throw error;
    }
  }
}
