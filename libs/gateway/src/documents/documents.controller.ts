import { Controller, Get } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import { MergedOpenApi } from './merged-open-api.ts';

/** Serves the OpenAPI document of all services. */
@Controller()
export class DocumentsController {
  constructor(private readonly openApi: MergedOpenApi) {}

  @Get('docs-json')
  document(): Promise<OpenAPIObject> {
    return this.openApi.document();
  }
}
