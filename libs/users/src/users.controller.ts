import { Body, Controller, Get, Param, Patch, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentIdentity, type Identity } from '@chat/auth';
import {
  OwnUser,
  UpdateMeRequest,
  User,
  UserId,
  Users as UserList,
  UserSearchQuery,
} from '@chat/contracts';
import { ApiErrors } from '@chat/platform/http';
import { Users } from './users.ts';

@ApiTags('users')
@ApiBearerAuth()
@Controller('users')
export class UsersController {
  constructor(private readonly users: Users) {}

  @Get('me')
  @ApiOperation({ summary: 'Return your own user.' })
  @ApiOkResponse({ standardSchema: OwnUser })
  @ApiErrors(401)
  me(@CurrentIdentity() identity: Identity): Promise<OwnUser> {
    return this.users.me(identity);
  }

  @Patch('me')
  @ApiOperation({ summary: 'Change your display name.' })
  @ApiOkResponse({ standardSchema: OwnUser })
  @ApiErrors(400, 401)
  updateMe(
    @CurrentIdentity() identity: Identity,
    @Body({ schema: UpdateMeRequest }) request: UpdateMeRequest,
  ): Promise<OwnUser> {
    return this.users.updateMe(identity, request);
  }

  @Get()
  @ApiOperation({ summary: 'Search users by the beginning of their username or display name.' })
  @ApiOkResponse({ standardSchema: UserList })
  @ApiErrors(400, 401)
  search(@Query({ schema: UserSearchQuery }) query: UserSearchQuery): Promise<User[]> {
    return this.users.search(query);
  }

  @Get(':id')
  @ApiOperation({ summary: 'Return a user.' })
  @ApiOkResponse({ standardSchema: User })
  @ApiErrors(400, 401, 404)
  find(@Param('id', { schema: UserId }) id: string): Promise<User> {
    return this.users.publicUser(id);
  }
}
