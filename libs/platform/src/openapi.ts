import { isDeepStrictEqual } from 'node:util';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import helmet from 'helmet';
import { z } from 'zod';

/** What a Zod schema is in OpenAPI 3.1; one with an `id` becomes a component of that name. */
function createConverter() {
  const components: Record<string, unknown> = {};
  return (schema: unknown, { schemaType }: { schemaType: 'input' | 'output' }) => {
    if (!(schema instanceof z.ZodType)) return undefined;
    const {
      $schema: _,
      $defs,
      ...root
    } = z.toJSONSchema(schema, { io: schemaType }) as Record<string, unknown> & {
      $defs?: Record<string, object>;
    };
    const id = schema.meta()?.id;
    const found: Record<string, object> = { ...$defs, ...(id === undefined ? {} : { [id]: root }) };
    for (const [name, component] of Object.entries(found)) {
      if (name in components && !isDeepStrictEqual(components[name], component)) {
        throw new Error(`Two schemas are called ${name}, or one differs as input and as output.`);
      }
      components[name] = component;
    }
    return {
      schema: id === undefined ? root : { $ref: `#/components/schemas/${id}` },
      components: found,
    };
  };
}

/** The OpenAPI 3.1 document of an application's controllers. */
export function createOpenApiDocument(
  app: NestExpressApplication,
  info: { readonly title: string; readonly description: string; readonly version: string },
): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(info.title)
    .setDescription(info.description)
    .setVersion(info.version)
    .addBearerAuth()
    .build();
  return SwaggerModule.createDocument(app, config, { standardSchemaConverter: createConverter() });
}

/** Serves Swagger UI at /docs and the document at /docs-json, to everybody. */
export function serveOpenApi(app: NestExpressApplication, document: OpenAPIObject): void {
  app.use(
    '/docs',
    helmet.contentSecurityPolicy({
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        // Swagger UI brings style elements of its own.
        styleSrc: ["'self'", "'unsafe-inline'"],
      },
    }),
  );
  SwaggerModule.setup('docs', app, document, { jsonDocumentUrl: 'docs-json' });
}
