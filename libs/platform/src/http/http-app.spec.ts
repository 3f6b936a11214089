import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Module, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, type OpenAPIObject } from '@nestjs/swagger';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { HttpError } from '@chat/contracts';
import { z } from 'zod';
import { ConflictError, RateLimitedError, UnavailableError } from '../failures/failures.ts';
import { loggingModule } from '../logging/logging.ts';
import { HealthChecks } from '../monitoring/health-checks.ts';
import { MetricsModule } from '../monitoring/metrics.module.ts';
import { ApiErrors } from './api-errors.ts';
import { createHealthController } from './health-controller.ts';
import { configureHttpApp } from './http-app.ts';
import { serveOpenApi } from './openapi.ts';

const Note = z
  .object({ text: z.string().trim().min(1), stars: z.int().max(5) })
  .meta({ id: 'Note' });
const Page = z.object({ limit: z.coerce.number().int().max(10).default(3) });
const Id = z.string().regex(/^[a-z]+$/, 'must be letters');

@Controller('notes')
class NotesController {
  @Post()
  @ApiOkResponse({ standardSchema: Note })
  @ApiErrors(400)
  create(@Body({ schema: Note }) note: z.infer<typeof Note>) {
    return note;
  }

  @Get('taken')
  taken() {
    throw new ConflictError('That note is taken.', [{ path: 'text', message: 'It is taken.' }]);
  }

  @Get('limited')
  limited() {
    throw new RateLimitedError('Slow down, please.', 1_200);
  }

  @Get('broken')
  broken() {
    throw new Error('connection to database 10.0.0.1 refused');
  }

  @Get(':id')
  find(
    @Param('id', { schema: Id }) id: string,
    @Query({ schema: Page }) { limit }: z.infer<typeof Page>,
  ) {
    return { id, limit };
  }
}

/** Routes for calls between services. */
@Controller('internal')
class InternalController {
  @Get('fine')
  fine() {
    return {};
  }

  @Get('unavailable')
  unavailable() {
    throw new UnavailableError(
      'The store cannot be reached at the moment.',
      1_000,
      Object.assign(new Error('no server was found', { cause: refused }), { text: 'hidden-text' }),
    );
  }
}

const refused = Object.assign(new Error('connect ECONNREFUSED 10.0.0.2'), { code: 'ECONNREFUSED' });

@Module({
  imports: [
    loggingModule({ LOG_LEVEL: 'info' }, new Writable({ write: collectLog })),
    MetricsModule,
  ],
  controllers: [NotesController, InternalController, createHealthController(['auth/health'])],
  providers: [HealthChecks],
})
class NotesModule {}

const logged: string[] = [];
function collectLog(chunk: Buffer, _encoding: string, done: () => void) {
  logged.push(chunk.toString());
  done();
}

let app: NestExpressApplication;
let url: string;

beforeAll(async () => {
  app = await NestFactory.create<NestExpressApplication>(NotesModule, {
    bufferLogs: true,
    bodyParser: false,
  });
  configureHttpApp(app, { NODE_ENV: 'development' });
  const info = { title: 'Notes', description: 'Notes.', version: '1' };
  serveOpenApi(app, info);
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});
afterAll(() => app.close());

function post(body: string | Buffer, type = 'application/json') {
  return fetch(`${url}/notes`, {
    method: 'POST',
    headers: { 'content-type': type },
    body,
  });
}

async function errorOf(response: Response): Promise<HttpError> {
  const body = HttpError.strict().parse(await response.json());
  expect(body.statusCode).toBe(response.status);
  expect(body.requestId).toBe(response.headers.get('x-request-id'));
  return body;
}

describe('request input', () => {
  it('reaches the controller in the form parsed by its schema', async () => {
    const response = await post('{"text":"  hi ","stars":5,"other":1}');
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({ text: 'hi', stars: 5 });
    expect(await (await fetch(`${url}/notes/abc?limit=7`)).json()).toEqual({ id: 'abc', limit: 7 });
    expect(await (await fetch(`${url}/notes/abc`)).json()).toEqual({ id: 'abc', limit: 3 });
  });

  it('is rejected with 400 and the path and message of each invalid field', async () => {
    const error = await errorOf(await post('{"text":{"$gt":""},"stars":9}'));
    expect(error).toMatchObject({ statusCode: 400, error: 'Bad Request', code: 'VALIDATION' });
    expect(error.details?.map(({ path }) => path)).toEqual(['text', 'stars']);
    for (const { message } of error.details ?? []) expect(message).toMatch(/^[A-Z].*\.$/);
  });

  it.each(['/notes/123', '/notes/abc?limit=many', '/notes/abc?limit=11', '/notes/%E0%A4%A'])(
    'is rejected with 400 in the address %s',
    async (path) => {
      expect(await errorOf(await fetch(url + path))).toMatchObject({
        statusCode: 400,
        code: 'VALIDATION',
      });
    },
  );

  it('is rejected with VALIDATION when the body is missing', async () => {
    const response = await fetch(`${url}/notes`, { method: 'POST' });
    expect((await errorOf(response)).code).toBe('VALIDATION');
  });

  it.each([
    ['malformed JSON', '{"text":', 'application/json', 400, 'VALIDATION'],
    ['a bare string', '"text"', 'application/json', 400, 'VALIDATION'],
    ['a form', 'text=hi', 'application/x-www-form-urlencoded', 415, 'VALIDATION'],
    ['plain text', '{"text":"hi","stars":1}', 'text/plain', 415, 'VALIDATION'],
    ['in an unknown charset', '{}', 'application/json; charset=klingon', 415, 'VALIDATION'],
    [
      'larger than 64 KiB',
      `{"text":"${'x'.repeat(70_000)}"}`,
      'application/json',
      413,
      'TOO_LARGE',
    ],
  ] as const)('is rejected when the body is %s', async (_name, body, type, statusCode, code) => {
    const error = await errorOf(await post(body, type));
    expect(error).toMatchObject({ statusCode, code });
    expect(error.message).toMatch(/^The body .*\.$/);
  });
});

describe('an error response', () => {
  it('has the status, code, message and details of the error', async () => {
    expect(await errorOf(await fetch(`${url}/notes/taken`))).toMatchObject({
      statusCode: 409,
      error: 'Conflict',
      code: 'CONFLICT',
      message: 'That note is taken.',
      details: [{ path: 'text', message: 'It is taken.' }],
    });
  });

  it('rounds Retry-After up to whole seconds', async () => {
    const response = await fetch(`${url}/notes/limited`);
    expect((await errorOf(response)).code).toBe('RATE_LIMITED');
    expect(response.headers.get('retry-after')).toBe('2');
  });

  it('hides the message of an unexpected error, which is logged with its stack', async () => {
    const error = await errorOf(await fetch(`${url}/notes/broken`));
    expect(error).toMatchObject({ statusCode: 500, code: 'INTERNAL' });
    expect(JSON.stringify(error)).not.toMatch(/database|10\.0\.0\.1/);
    const line = logged.find((logLine) => logLine.includes('10.0.0.1'));
    expect(JSON.parse(line ?? '{}')).toMatchObject({
      level: 'error',
      requestId: error.requestId,
      err: { stack: expect.stringContaining('http-app.spec') },
    });
  });

  it('hides the causes of an UnavailableError, which are in the log line of the request', async () => {
    const error = await errorOf(await fetch(`${url}/internal/unavailable`));
    expect(error).toMatchObject({ statusCode: 503, code: 'UNAVAILABLE' });
    expect(JSON.stringify(error)).not.toMatch(/no server|10\.0\.0\.2/);
    const lines = logged.filter((line) => line.includes(error.requestId));
    expect(lines).toHaveLength(1);
    const line = JSON.parse(lines[0] ?? '') as unknown;
    expect(line).toMatchObject({
      msg: 'request failed',
      path: '/internal/unavailable',
      status: 503,
    });
    expect(line).toHaveProperty('err', {
      type: 'UnavailableError',
      code: 'UNAVAILABLE',
      message: 'The store cannot be reached at the moment.',
      cause: {
        type: 'Error',
        message: 'no server was found',
        cause: { type: 'Error', code: 'ECONNREFUSED', message: 'connect ECONNREFUSED 10.0.0.2' },
      },
    });
  });

  it('has the code NOT_FOUND for an unknown path', async () => {
    const error = await errorOf(await fetch(`${url}/nowhere`));
    expect(error).toMatchObject({ statusCode: 404, code: 'NOT_FOUND' });
  });
});

describe('a request id', () => {
  const idOf = async (id: string) =>
    (await fetch(`${url}/notes/abc`, { headers: { 'x-request-id': id } })).headers.get(
      'x-request-id',
    );

  it('is used as sent when it is well-formed, and replaced by a UUID otherwise', async () => {
    expect(await idOf('my-request.1')).toBe('my-request.1');
    expect(await idOf('two words')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await idOf('x'.repeat(65))).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is in the log line of the request, which contains no token from its query or headers', async () => {
    await fetch(`${url}/notes/abc?token=hidden-in-the-query`, {
      headers: { 'x-request-id': 'logged-1', authorization: 'Bearer hidden-in-the-header' },
    });
    const lines = logged.filter((line) => line.includes('logged-1'));
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      requestId: 'logged-1',
      method: 'GET',
      path: '/notes/abc',
      status: 200,
    });
    expect(logged.join('')).not.toContain('hidden-in-the');
  });
});

describe('a request between services', () => {
  it('is not logged when it succeeds', async () => {
    await fetch(`${url}/internal/fine`, { headers: { 'x-request-id': 'called-by-a-service' } });
    await fetch(`${url}/notes/abc`, { headers: { 'x-request-id': 'called-by-a-client' } });
    expect(logged.join('')).toContain('called-by-a-client');
    expect(logged.join('')).not.toContain('called-by-a-service');
  });
});

describe('the start of an HTTP application', () => {
  it('is logged without a line for each route and module', () => {
    const messages = logged.map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages).toContain('Nest application successfully started');
    expect(messages.join()).not.toMatch(/Mapped|dependencies initialized/);
  });
});

describe('CORS in development', () => {
  const allowedOrigin = async (origin: string) =>
    (await fetch(`${url}/notes/abc`, { headers: { origin } })).headers.get(
      'access-control-allow-origin',
    );

  it('allows only origins on localhost', async () => {
    expect(await allowedOrigin('http://localhost')).toBe('http://localhost');
    expect(await allowedOrigin('http://127.0.0.1:8080')).toBe('http://127.0.0.1:8080');
    expect(await allowedOrigin('http://localhost.example.com')).toBeNull();
    expect(await allowedOrigin('https://example.com')).toBeNull();
  });

  it('lets pages from other origins read the headers of the contract, even on errors', async () => {
    for (const path of ['/notes/abc', '/notes/limited']) {
      const { headers } = await fetch(url + path, { headers: { origin: 'http://localhost' } });
      expect((headers.get('access-control-expose-headers') ?? '').split(',')).toEqual([
        'Link',
        'Retry-After',
        'X-Cache',
        'X-Edit-Window',
        'X-Request-Id',
        'X-Room-Rev',
        'X-Room-Seq',
      ]);
    }
  });
});

describe('GET /health', () => {
  afterAll(() => unregister());
  let unregister = () => {};

  it('returns 503 with the state of each dependency when one is unavailable, and is not logged', async () => {
    const checks = app.get(HealthChecks);
    const before = logged.length;
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: 'ok', checks: {} });
    const removeGood = checks.register('good', () => Promise.resolve());
    const removeSlow = checks.register('slow', () => new Promise(() => {}), { timeoutMs: 20 });
    const removeBad = checks.register('bad', () => Promise.reject(new Error('10.0.0.1 refused')));
    unregister = () => [removeGood, removeSlow, removeBad].forEach((remove) => remove());
    for (const path of ['/health', '/health/ready', '/auth/health']) {
      const response = await fetch(url + path);
      expect(response.status).toBe(503);
      expect(await response.json()).toEqual({
        status: 'unavailable',
        checks: {
          good: { status: 'ok' },
          slow: { status: 'unavailable', message: 'No response within 20 ms.' },
          bad: { status: 'unavailable', message: 'The check failed.' },
        },
      });
    }
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    expect(logged.slice(before)).toEqual([]);
  });
});

describe('the OpenAPI document', () => {
  const docsJson = async () => (await (await fetch(`${url}/docs-json`)).json()) as OpenAPIObject;

  it('has the error responses of every operation', async () => {
    const { paths } = await docsJson();
    const operations = Object.entries(paths).flatMap(([path, { get, post }]) =>
      Object.entries({ get, post }).flatMap(([method, operation]) =>
        operation ? [{ name: `${method} ${path}`, ...operation }] : [],
      ),
    );
    expect(
      operations.map(({ name, responses }) => `${name} ${Object.keys(responses).join(' ')}`),
    ).toEqual([
      'post /notes 200 400 413 415 429 500 503',
      'get /notes/taken 200 429 500 503',
      'get /notes/limited 200 429 500 503',
      'get /notes/broken 200 429 500 503',
      'get /notes/{id} 200 429 500 503',
      'get /internal/fine 200 429 500 503',
      'get /internal/unavailable 200 429 500 503',
      'get /health 200 429 500 503',
      'get /health/ready 200 429 500 503',
      'get /auth/health 200 429 500 503',
      'get /health/live 200 429 500 503',
    ]);
    const bodyOf = (schema: string) => ({
      content: { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } },
    });
    for (const { name, responses } of operations) {
      for (const [status, response] of Object.entries(responses)) {
        if (Number(status) < 400) continue;
        const isHealth = name.includes('health') && status === '503';
        expect(response).toMatchObject(bodyOf(isHealth ? 'Health' : 'HttpError'));
      }
    }
  });

  it('defines each schema once, and has the body and parameters of an operation', async () => {
    const document = await docsJson();
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.components?.schemas ?? {}).sort()).toEqual([
      'ErrorCode',
      'ErrorDetail',
      'Health',
      'HttpError',
      'Note',
    ]);
    expect(JSON.stringify(document)).not.toContain('$defs');
    const create = document.paths['/notes']?.post;
    expect(create?.requestBody).toMatchObject({
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Note' } } },
    });
    expect(document.paths['/notes/{id}']?.get?.parameters).toMatchObject([
      { name: 'id', in: 'path' },
      { name: 'limit', in: 'query', required: false },
    ]);
  });

  it('is shown at /docs with a policy that allows the scripts and styles of the page', async () => {
    const response = await fetch(`${url}/docs`);
    expect(await response.text()).toContain('swagger-ui-bundle.js');
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain("style-src 'self' 'unsafe-inline'");
    expect(policy).toContain("default-src 'self'");
  });
});
