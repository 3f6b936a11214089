import { Public } from '@chat/auth';
import { Controller, Get } from '@nestjs/common';
import { ApiExcludeEndpoint } from '@nestjs/swagger';
import { asyncApiDocument } from './asyncapi-document.ts';

const DOCUMENT = asyncApiDocument('1.0.0');

/** Serves the AsyncAPI document of the socket events. */
@Controller()
export class AsyncApiController {
  @Public()
  @Get('asyncapi.json')
  @ApiExcludeEndpoint()
  document(): object {
    return DOCUMENT;
  }
}
