import {
  EarlierVersions,
  MAX_EARLIER_VERSIONS,
  Message,
  MessageId,
  ReactorListQuery,
  Reactors,
  RoomId,
  type EarlierVersion,
  type Reactor,
} from '@chat/contracts';
import { CurrentIdentity, type Identity } from '@chat/auth';
import { ApiErrors } from '@chat/platform/http';
import { BoundedRead } from '@chat/platform/limits';
import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { MessageDetails } from './message-details.ts';

@ApiTags('messages')
@ApiBearerAuth()
@Controller('rooms/:roomId/messages/:messageId')
export class MessageDetailsController {
  constructor(private readonly details: MessageDetails) {}

  @Get()
  @ApiOperation({ summary: 'Get a message.' })
  @ApiOkResponse({ standardSchema: Message })
  @ApiErrors(400, 401, 404)
  message(
    @CurrentIdentity() identity: Identity,
    @Param('roomId', { schema: RoomId }) roomId: string,
    @Param('messageId', { schema: MessageId }) messageId: string,
  ): Promise<Message> {
    return this.details.message(identity, roomId, messageId);
  }

  @Get('versions')
  @BoundedRead({ max: MAX_EARLIER_VERSIONS, default: MAX_EARLIER_VERSIONS })
  @ApiOperation({ summary: 'List the earlier texts of an edited message, oldest first.' })
  @ApiOkResponse({ standardSchema: EarlierVersions })
  @ApiErrors(400, 401, 404)
  versions(
    @CurrentIdentity() identity: Identity,
    @Param('roomId', { schema: RoomId }) roomId: string,
    @Param('messageId', { schema: MessageId }) messageId: string,
  ): Promise<EarlierVersion[]> {
    return this.details.versions(identity, roomId, messageId);
  }

  @Get('reactions')
  @ApiOperation({ summary: 'List the users who reacted with an emoji, by user id.' })
  @ApiOkResponse({ standardSchema: Reactors })
  @ApiErrors(400, 401, 404)
  reactors(
    @CurrentIdentity() identity: Identity,
    @Param('roomId', { schema: RoomId }) roomId: string,
    @Param('messageId', { schema: MessageId }) messageId: string,
    @Query({ schema: ReactorListQuery }) query: ReactorListQuery,
  ): Promise<Reactor[]> {
    return this.details.reactors(identity, roomId, messageId, query);
  }
}
