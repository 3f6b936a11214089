import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { CurrentIdentity, Public, type Identity } from '@chat/auth';
import {
  LoginRequest,
  LoginResponse,
  RefreshRequest,
  RegisterRequest,
  RegisterResponse,
  Sessions as SessionList,
  Tokens,
  type Session,
} from '@chat/contracts';
import { ApiErrors } from '@chat/platform/http';
import { z } from 'zod';
import { Registration } from './registration.ts';
import { Client, type RequestClient } from './request-client.ts';
import { Sessions } from './sessions.ts';
import { SignIn } from './sign-in.ts';

const SessionId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be a session id');

@ApiTags('auth')
@Controller('auth')
export class AuthController {
  constructor(
    private readonly registration: Registration,
    private readonly signIn: SignIn,
    private readonly sessions: Sessions,
  ) {}

  @Public()
  @Post('register')
  @ApiOperation({ summary: 'Create an account and sign in.' })
  @ApiCreatedResponse({ standardSchema: RegisterResponse })
  @ApiErrors(400, 409, 429, 503)
  register(
    @Body({ schema: RegisterRequest }) request: RegisterRequest,
    @Client() client: RequestClient,
  ): Promise<RegisterResponse> {
    return this.registration.register(request, client);
  }

  @Public()
  @Post('login')
  @HttpCode(200)
  @ApiOperation({ summary: 'Sign in.' })
  @ApiOkResponse({ standardSchema: LoginResponse })
  @ApiErrors(400, 401, 429, 503)
  login(
    @Body({ schema: LoginRequest }) request: LoginRequest,
    @Client() client: RequestClient,
  ): Promise<LoginResponse> {
    return this.signIn.signIn(request, client);
  }

  @Public()
  @Post('refresh')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Exchange a refresh token for a new pair.',
    description:
      'Each use of the newest refresh token replaces it. For 30 seconds the replaced token still returns the same new refresh token, unless that one has been used. Any other reuse ends the session.',
  })
  @ApiOkResponse({ standardSchema: Tokens })
  @ApiErrors(400, 401)
  refresh(@Body({ schema: RefreshRequest }) { refreshToken }: RefreshRequest): Promise<Tokens> {
    return this.sessions.refresh(refreshToken);
  }

  @Post('logout')
  @HttpCode(204)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'End the session of this request.' })
  @ApiNoContentResponse()
  @ApiErrors(401)
  logout(@CurrentIdentity() { sessionId }: Identity): Promise<void> {
    return this.sessions.end(sessionId);
  }

  @Get('sessions')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'List your sessions, newest first.' })
  @ApiOkResponse({ standardSchema: SessionList })
  @ApiErrors(401)
  list(@CurrentIdentity() identity: Identity): Promise<Session[]> {
    return this.sessions.list(identity);
  }

  @Delete('sessions/:id')
  @HttpCode(204)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'End one of your sessions.' })
  @ApiNoContentResponse()
  @ApiErrors(400, 401, 404)
  end(
    @CurrentIdentity() identity: Identity,
    @Param('id', { schema: SessionId }) sessionId: string,
  ): Promise<void> {
    return this.sessions.endOwn(identity, sessionId);
  }
}
