import {
  Changes,
  ChangesQuery,
  DEFAULT_PAGE_SIZE,
  HistoryQuery,
  MAX_PAGE_SIZE,
  Messages,
  RoomId,
  type Message,
} from '@chat/contracts';
import { CurrentIdentity, type Identity } from '@chat/auth';
import { ApiErrors } from '@chat/platform/http';
import { BoundedRead } from '@chat/platform/limits';
import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { historyLinks } from './history-links.ts';
import { toMessage } from './log/stored-message.ts';
import { MessageHistory } from './message-history.ts';
import { MessageSettings } from './message-settings.ts';

const PAGE = { max: MAX_PAGE_SIZE, default: DEFAULT_PAGE_SIZE };
const wholeNumber = { type: 'integer', minimum: 0 } as const;

@ApiTags('messages')
@ApiBearerAuth()
@Controller('messages')
export class MessagesController {
  constructor(
    private readonly messages: MessageHistory,
    private readonly settings: MessageSettings,
  ) {}

  @Get('history/:roomId')
  @BoundedRead(PAGE)
  @ApiOperation({
    summary: "Get a page of a room's messages, oldest first; without a cursor the newest.",
  })
  @ApiOkResponse({
    standardSchema: Messages,
    headers: {
      'X-Room-Seq': { description: 'The highest seq of the room.', schema: wholeNumber },
      'X-Room-Rev': { description: 'The highest rev of the room.', schema: wholeNumber },
      'X-Edit-Window': {
        description: 'Seconds for which authors can edit a message; 0: without limit.',
        schema: wholeNumber,
      },
      Link: {
        description: 'Older messages as rel="prev", newer ones as rel="next" (RFC 8288).',
        schema: { type: 'string' },
      },
      'X-Cache': {
        description: 'Whether the page came from the cache.',
        schema: { type: 'string', enum: ['hit', 'miss', 'bypass'] },
      },
    },
  })
  @ApiErrors(400, 401, 404)
  async history(
    @CurrentIdentity() identity: Identity,
    @Param('roomId', { schema: RoomId }) roomId: string,
    @Query({ schema: HistoryQuery }) query: HistoryQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Message[]> {
    const page = await this.messages.history(identity, roomId, query);
    response.setHeader('X-Room-Seq', page.head.seq).setHeader('X-Room-Rev', page.head.rev);
    response.setHeader('X-Edit-Window', this.settings.editWindowMs / 1_000);
    response.setHeader('X-Cache', page.cache);
    const links = historyLinks(roomId, query.limit, page);
    if (links) response.setHeader('Link', links);
    return page.messages.map((message) => toMessage(message, identity.userId));
  }

  @Get('changes/:roomId')
  @BoundedRead(PAGE)
  @ApiOperation({ summary: 'Get the messages that changed after a rev, in rev order.' })
  @ApiOkResponse({ standardSchema: Changes })
  @ApiErrors(400, 401, 404)
  changes(
    @CurrentIdentity() identity: Identity,
    @Param('roomId', { schema: RoomId }) roomId: string,
    @Query({ schema: ChangesQuery }) query: ChangesQuery,
  ): Promise<Changes> {
    return this.messages.changes(identity, roomId, query);
  }
}
