import { STATUS_CODES } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import helmet from 'helmet';
import { z } from 'zod';

/** Creates a converter of Zod schemas to OpenAPI 3.1; a schema with an `id` becomes a component. */
function createConverter() {
  const known: Record<string, object> = {};
  return (schema: unknown, { schemaType }: { schemaType: 'input' | 'output' }) => {
    if (!(schema instanceof z.ZodType)) return undefined;
    const {
      $schema: _,
      $defs: components = {},
      ...root
    } = z.toJSONSchema(schema, { io: schemaType, override: allowAdditionalProperties });
    for (const [name, component] of Object.entries(components)) {
      if (!isDeepStrictEqual((known[name] ??= component), component)) {
        throw new Error(`Two schemas have the id ${name}, or its input and output forms differ.`);
      }
    }
    return { schema: root, components };
  };
}

/** Allows additional properties in a JSON schema, because fields may be added to any response. */
export function allowAdditionalProperties({
  jsonSchema,
}: {
  jsonSchema: { additionalProperties?: unknown };
}): void {
  if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
}

/** Title and description of the whole API, regardless of which process serves it. */
const API_INFO = {
  title: 'Chat API',
  version: '1.0.0',
  description:
    'Accounts, rooms and message history. Messages are sent and received over Socket.IO; ' +
    'its events are described at /asyncapi.json.',
};

type ApiInfo = typeof API_INFO;

/** Creates the OpenAPI 3.1 document of an application from its controllers. */
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

/** Adds the error responses that every operation can return. */
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
 * The document is created at the first request, so that it does not delay the start.
 */
export function serveOpenApi(app: NestExpressApplication, info: ApiInfo = API_INFO): void {
  allowSwaggerUi(app);
  SwaggerModule.setup('docs', app, () => createOpenApiDocument(app, info), {
    jsonDocumentUrl: 'docs-json',
  });
}

/** Serves Swagger UI at /docs for a document that another component serves at /docs-json. */
export function serveOpenApiPage(app: NestExpressApplication): void {
  allowSwaggerUi(app);
  const emptyDocument: OpenAPIObject = { openapi: '3.1.0', info: API_INFO, paths: {} };
  SwaggerModule.setup('docs', app, emptyDocument, {
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
        // Swagger UI adds its own style elements.
        styleSrc: ["'self'", "'unsafe-inline'"],
      },
    }),
  );
}
