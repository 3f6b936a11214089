import { STATUS_CODES } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import helmet from 'helmet';
import { z } from 'zod';

/** What a Zod schema is in OpenAPI 3.1; one with an `id` becomes a component of that name. */
function createConverter() {
  const known: Record<string, object> = {};
  return (schema: unknown, { schemaType }: { schemaType: 'input' | 'output' }) => {
    if (!(schema instanceof z.ZodType)) return undefined;
    const {
      $schema: _,
      $defs: components = {},
      ...root
    } = z.toJSONSchema(schema, { io: schemaType, override: openToNewFields });
    for (const [name, component] of Object.entries(components)) {
      if (!isDeepStrictEqual((known[name] ??= component), component)) {
        throw new Error(`Two schemas are called ${name}, or one differs as input and as output.`);
      }
    }
    return { schema: root, components };
  };
}

/** Fields may be added to any answer, so no schema rules others out. */
export function openToNewFields({
  jsonSchema,
}: {
  jsonSchema: { additionalProperties?: unknown };
}): void {
  if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
}

/** Of the whole API, whichever process serves it. */
const API_INFO = {
  title: 'Chat API',
  version: '1.0.0',
  description:
    'Accounts, rooms and message history. Messages are sent and received over Socket.IO; ' +
    'its events are described at /asyncapi.json.',
};

type ApiInfo = typeof API_INFO;

/** Describes the controllers of an application in OpenAPI 3.1. */
export function createOpenApiDocument(app: NestExpressApplication, info: ApiInfo): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(info.title)
    .setDescription(info.description)
    .setVersion(info.version)
    .addBearerAuth()
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    standardSchemaConverter: createConverter(),
  });
  for (const { get, post, put, patch, delete: remove } of Object.values(document.paths)) {
    for (const operation of [get, post, put, patch, remove]) {
      if (operation) documentCommonErrors(operation);
    }
  }
  return document;
}

/** What may befall any operation, so that controllers need not repeat it. */
function documentCommonErrors(operation: NonNullable<OpenAPIObject['paths'][string]['get']>): void {
  for (const status of operation.requestBody ? [413, 415, 429, 500, 503] : [429, 500, 503]) {
    operation.responses[status] ??= {
      description: STATUS_CODES[status] ?? 'Error',
      content: { 'application/json': { schema: { $ref: '#/components/schemas/HttpError' } } },
    };
  }
}

/**
 * Serves Swagger UI at /docs and the document at /docs-json, without authentication.
 *
 * The first request for them creates the document, so that a start does not wait for it.
 */
export function serveOpenApi(app: NestExpressApplication, info: ApiInfo = API_INFO): void {
  allowSwaggerUi(app);
  SwaggerModule.setup('docs', app, () => createOpenApiDocument(app, info), {
    jsonDocumentUrl: 'docs-json',
  });
}

/** Serves Swagger UI at /docs for a document that somebody else serves at /docs-json. */
export function serveOpenApiPage(app: NestExpressApplication): void {
  allowSwaggerUi(app);
  const nothing: OpenAPIObject = { openapi: '3.1.0', info: API_INFO, paths: {} };
  SwaggerModule.setup('docs', app, nothing, {
    raw: false,
    swaggerOptions: { url: '/docs-json', spec: null },
  });
}

function allowSwaggerUi(app: NestExpressApplication): void {
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
}
