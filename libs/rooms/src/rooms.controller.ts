import {
  AddMemberRequest,
  CreateRoomRequest,
  Member,
  MemberListQuery,
  Members as MemberList,
  RoomId,
  RoomListQuery,
  RoomSummaries,
  RoomSummary,
  UpdateMemberRequest,
  UpdateRoomRequest,
  UserId,
} from '@chat/contracts';
import { CurrentIdentity, type Identity } from '@chat/auth';
import { ApiErrors } from '@chat/platform/http';
import { BoundedRead } from '@chat/platform/limits';
import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { Members } from './members.ts';
import { Rooms } from './rooms.ts';

/** Expected number of rooms in a list, each with its last message, until its size is known. */
const ROOM_LIST = { max: 100, default: 100 };

@ApiTags('rooms')
@ApiBearerAuth()
@Controller('rooms')
export class RoomsController {
  constructor(
    private readonly rooms: Rooms,
    private readonly members: Members,
  ) {}

  @Get()
  @BoundedRead(ROOM_LIST)
  @ApiOperation({ summary: 'List my rooms, or discover public rooms.' })
  @ApiOkResponse({ standardSchema: RoomSummaries })
  @ApiErrors(400, 401)
  list(
    @CurrentIdentity() identity: Identity,
    @Query({ schema: RoomListQuery }) query: RoomListQuery,
  ): Promise<RoomSummary[]> {
    return this.rooms.list(identity, query);
  }

  @Post()
  @ApiOperation({ summary: 'Create a room and become its owner.' })
  @ApiCreatedResponse({ standardSchema: RoomSummary })
  @ApiErrors(400, 401, 409, 413, 415, 429)
  create(
    @CurrentIdentity() identity: Identity,
    @Body({ schema: CreateRoomRequest }) request: CreateRoomRequest,
  ): Promise<RoomSummary> {
    return this.rooms.create(identity, request);
  }

  @Get(':roomId')
  @ApiOperation({ summary: 'Get a room.' })
  @ApiOkResponse({ standardSchema: RoomSummary })
  @ApiErrors(400, 401, 404)
  get(
    @CurrentIdentity() identity: Identity,
    @Param('roomId', { schema: RoomId }) roomId: string,
  ): Promise<RoomSummary> {
    return this.rooms.get(identity, roomId);
  }

  @Patch(':roomId')
  @ApiOperation({ summary: 'Change the topic, or the name of a private room.' })
  @ApiOkResponse({ standardSchema: RoomSummary })
  @ApiErrors(400, 401, 403, 404, 413, 415)
  update(
    @CurrentIdentity() identity: Identity,
    @Param('roomId', { schema: RoomId }) roomId: string,
    @Body({ schema: UpdateRoomRequest }) request: UpdateRoomRequest,
  ): Promise<RoomSummary> {
    return this.rooms.update(identity, roomId, request);
  }

  @Delete(':roomId')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a room that I own, permanently.' })
  @ApiNoContentResponse()
  @ApiErrors(400, 401, 403, 404, 409)
  delete(
    @CurrentIdentity() identity: Identity,
    @Param('roomId', { schema: RoomId }) roomId: string,
  ): Promise<void> {
    return this.rooms.delete(identity, roomId);
  }

  @Get(':roomId/members')
  @ApiOperation({ summary: 'List the members of a room, by user id.' })
  @ApiOkResponse({ standardSchema: MemberList })
  @ApiErrors(400, 401, 404)
  listMembers(
    @CurrentIdentity() identity: Identity,
    @Param('roomId', { schema: RoomId }) roomId: string,
    @Query({ schema: MemberListQuery }) query: MemberListQuery,
  ): Promise<Member[]> {
    return this.members.list(identity, roomId, query);
  }

  @Post(':roomId/members')
  @ApiOperation({ summary: 'Add a member, or join a public room.' })
  @ApiCreatedResponse({ standardSchema: Member })
  @ApiErrors(400, 401, 403, 404, 413, 415, 429)
  addMember(
    @CurrentIdentity() identity: Identity,
    @Param('roomId', { schema: RoomId }) roomId: string,
    @Body({ schema: AddMemberRequest }) { userId }: AddMemberRequest,
  ): Promise<Member> {
    return this.members.add(identity, roomId, userId);
  }

  @Patch(':roomId/members/:userId')
  @ApiOperation({ summary: 'Change the role of a member, or hand my room over.' })
  @ApiOkResponse({ standardSchema: Member })
  @ApiErrors(400, 401, 403, 404, 409, 413, 415, 429)
  setRole(
    @CurrentIdentity() identity: Identity,
    @Param('roomId', { schema: RoomId }) roomId: string,
    @Param('userId', { schema: UserId }) userId: string,
    @Body({ schema: UpdateMemberRequest }) { role }: UpdateMemberRequest,
  ): Promise<Member> {
    return this.members.setRole(identity, roomId, userId, role);
  }

  @Delete(':roomId/members/:userId')
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove a member, or leave a room permanently.' })
  @ApiNoContentResponse()
  @ApiErrors(400, 401, 403, 404, 409)
  removeMember(
    @CurrentIdentity() identity: Identity,
    @Param('roomId', { schema: RoomId }) roomId: string,
    @Param('userId', { schema: UserId }) userId: string,
  ): Promise<void> {
    return this.members.remove(identity, roomId, userId);
  }
}
