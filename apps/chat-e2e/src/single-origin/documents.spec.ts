import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import asyncApiSpecs from '@asyncapi/specs';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { CLIENT_EVENTS, SERVER_EVENTS } from '@chat/contracts';
import { until } from '@chat/testing';
import {
  describeChat,
  originOf,
  startChat,
  type DedicatedChat,
} from '../support/chat-under-test.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';
import { openApiDocument, type OpenApiDocument } from '../support/openapi-document.ts';

/** All REST operations in the contract. */
const OPERATIONS = [
  'DELETE /auth/sessions/{id}',
  'DELETE /rooms/{roomId}',
  'DELETE /rooms/{roomId}/members/{userId}',
  'GET /auth/health',
  'GET /auth/sessions',
  'GET /health',
  'GET /health/live',
  'GET /health/ready',
  'GET /messages/changes/{roomId}',
  'GET /messages/health',
  'GET /messages/history/{roomId}',
  'GET /rooms',
  'GET /rooms/{roomId}',
  'GET /rooms/{roomId}/members',
  'GET /rooms/{roomId}/messages/{messageId}',
  'GET /rooms/{roomId}/messages/{messageId}/reactions',
  'GET /rooms/{roomId}/messages/{messageId}/versions',
  'GET /users',
  'GET /users/me',
  'GET /users/{id}',
  'PATCH /rooms/{roomId}',
  'PATCH /rooms/{roomId}/members/{userId}',
  'PATCH /users/me',
  'POST /auth/login',
  'POST /auth/logout',
  'POST /auth/refresh',
  'POST /auth/register',
  'POST /rooms',
  'POST /rooms/{roomId}/members',
];

const PUBLIC_OPERATION = /^(GET .*health.*|POST \/auth\/(login|refresh|register))$/;

/** Error statuses that an operation must document; other suites check the rest. */
function errorsOf(operation: string): string[] {
  return [
    '500',
    ...(PUBLIC_OPERATION.test(operation) ? [] : ['401']),
    ...(operation.includes('{') ? ['400', '404'] : []),
    ...(/^(POST|PATCH) (?!.*logout)/.test(operation) ? ['400', '413', '415'] : []),
    ...(/login|register|POST \/rooms$/.test(operation) ? ['429'] : []),
  ];
}

/** Returns every `$ref` in a document. */
function refsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' && typeof inner === 'string' ? [inner] : refsOf(inner),
  );
}

function resolveRef(document: unknown, ref: string): unknown {
  return ref
    .replace('#/', '')
    .split('/')
    .reduce<unknown>(
      (value, key) => (value as Record<string, unknown> | undefined)?.[key],
      document,
    );
}

describeChat('the server', () => {
  let server: DedicatedChat;
  beforeAll(async () => {
    server = await startChat();
  });
  afterAll(() => server.close());

  describe('serves an OpenAPI document that', () => {
    let document: OpenApiDocument;
    let operations: [string, Record<string, unknown>][];
    beforeAll(async () => {
      document = await openApiDocument(originOf(server));
      operations = Object.entries(document.paths).flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, operation]): [string, Record<string, unknown>] => [
          `${method.toUpperCase()} ${path}`,
          operation as unknown as Record<string, unknown>,
        ]),
      );
    });

    it('has version 3.1 and lists exactly the operations in the contract', () => {
      expect(document.openapi).toMatch(/^3\.1\./);
      expect(operations.map(([operation]) => operation).toSorted()).toEqual(OPERATIONS);
    });

    it('contains no dangling references', () => {
      const refs = refsOf(document);
      expect(refs.length).toBeGreaterThan(20);
      for (const ref of refs)
        expect([ref, typeof resolveRef(document, ref)]).toEqual([ref, 'object']);
    });

    it('documents the summary, responses and authentication of each operation', () => {
      for (const [operation, { responses, security, summary }] of operations) {
        const statuses = Object.keys(responses as object);
        expect([operation, statuses.filter((status) => status.startsWith('2')).length]).toEqual([
          operation,
          1,
        ]);
        expect([operation, typeof summary]).toEqual([operation, 'string']);
        const isPublic = PUBLIC_OPERATION.test(operation);
        const undocumented = errorsOf(operation).filter((status) => !statuses.includes(status));
        expect([operation, undocumented]).toEqual([operation, []]);
        expect([operation, security]).toEqual([operation, isPublic ? undefined : [{ bearer: [] }]]);
      }
    });

    it('describes a request body for exactly the operations that take one', () => {
      for (const [operation, { requestBody }] of operations) {
        const hasBody = /^(POST|PATCH|PUT)/.test(operation) && operation !== 'POST /auth/logout';
        expect([operation, requestBody !== undefined]).toEqual([operation, hasBody]);
      }
    });

    it('is rendered at /docs without inline scripts or cross-origin files', async () => {
      const page = await fetch(`${originOf(server)}/docs`);
      expect(page.status).toBe(200);
      expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
      const html = await page.text();
      // The content security policy allows only same-origin files.
      const scripts = [...html.matchAll(/<script([^>]*)>([^]*?)<\/script>/g)];
      expect(scripts.map(([, , inline = '']) => inline.trim()).join('')).toBe('');
      expect(html).not.toMatch(/\son[a-z]+=/);
      const files = [...html.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, file = '']) => file);
      expect(files.filter((file) => file.endsWith('.js')).length).toBeGreaterThanOrEqual(
        scripts.length,
      );
      for (const file of files) {
        const { origin, href } = new URL(file, page.url);
        expect([file, origin, (await fetch(href)).status]).toEqual([file, originOf(server), 200]);
      }
    });
  });

  describe('serves an AsyncAPI document that', () => {
    interface AsyncApiDocument {
      asyncapi: string;
      operations: Record<string, { action: string }>;
      components: {
        messages: Record<string, { payload: object }>;
        schemas: Record<string, object>;
      };
    }
    let document: AsyncApiDocument;
    beforeAll(async () => {
      const response = await fetch(`${originOf(server)}/asyncapi.json`);
      document = (await response.json()) as AsyncApiDocument;
    });

    it('has version 3.0.0 and lists exactly the events in the contract', () => {
      expect(document.asyncapi).toBe('3.0.0');
      const events = (action: string) =>
        Object.entries(document.operations)
          .filter(([, operation]) => operation.action === action)
          .map(([event]) => event);
      expect(events('receive')).toEqual(Object.keys(CLIENT_EVENTS));
      expect(events('send')).toEqual(Object.keys(SERVER_EVENTS));
    });

    it('is valid against the AsyncAPI 3.0.0 JSON Schema', () => {
      const ajv = new Ajv({ strict: false });
      addFormats.default(ajv);
      const validate = ajv.compile(asyncApiSpecs.schemasWithoutId['3.0.0']);
      expect([validate(document), validate.errors]).toEqual([true, null]);
    });

    it('contains no dangling references', () => {
      const refs = refsOf(document);
      expect(refs.length).toBeGreaterThan(20);
      for (const ref of refs)
        expect([ref, typeof resolveRef(document, ref)]).toEqual([ref, 'object']);
    });

    it('describes every event and acknowledgement that clients receive', async () => {
      const ajv = new Ajv({ strict: false });
      addFormats.default(ajv);
      ajv.addSchema({ $id: 'asyncapi', components: { schemas: document.components.schemas } });
      const expectValid = (message: string, payload: unknown): void => {
        const described = document.components.messages[message]?.payload ?? {};
        const validate = ajv.compile(
          JSON.parse(
            JSON.stringify(described).replaceAll('"#/components', '"asyncapi#/components'),
          ) as object,
        );
        expect([message, validate(payload), validate.errors]).toEqual([message, true, null]);
      };
      const owner = await server.register();
      const guest = await server.register();
      const sockets = [
        await owner.connect(),
        await guest.connect(),
        await owner.connect(),
      ] as const;
      const received = new Map<string, unknown>();
      for (const socket of sockets) {
        socket.onAny((event: string, payload: unknown) => {
          received.set(event, payload);
          expectValid(event, payload);
        });
      }
      const room = await owner.createRoom({ name: 'documented', visibility: 'private' });
      const join = { roomId: room.id, since: 0 };
      expectValid('joinRoomAck', await emitWithAck(sockets[0], 'joinRoom', join));
      await owner.call('POST', `/rooms/${room.id}/members`, { userId: guest.id });
      expectValid('joinRoomAck', await emitWithAck(sockets[1], 'joinRoom', room.id));
      const sent = await emitWithAck(sockets[1], 'sendMessage', { roomId: room.id, text: 'hello' });
      expectValid('sendMessageAck', sent);
      if (!sent.ok) throw new Error(sent.error.message);
      const change = { roomId: room.id, messageId: sent.id };
      const reaction = { ...change, emoji: '👍', on: true };
      expectValid('reactAck', await emitWithAck(sockets[0], 'react', reaction));
      const edit = { ...change, text: 'hello again' };
      expectValid('editMessageAck', await emitWithAck(sockets[1], 'editMessage', edit));
      expectValid('deleteMessageAck', await emitWithAck(sockets[1], 'deleteMessage', change));
      await owner.waitForSeq(room.id, 1);
      const position = { roomId: room.id, seq: 1 };
      expectValid('markReadAck', await emitWithAck(sockets[0], 'markRead', position));
      expectValid('markUnreadAck', await emitWithAck(sockets[0], 'markUnread', position));
      const invalid = { roomId: room.id, text: '' };
      expectValid('sendMessageAck', await emitWithAck(sockets[1], 'sendMessage', invalid));
      const renewal = { token: owner.token };
      expectValid('renewSessionAck', await emitWithAck(sockets[0], 'renewSession', renewal));
      await owner.call('PATCH', `/rooms/${room.id}`, { topic: 'events' });
      sockets[1].emit('sendMessage', { roomId: room.id, text: ' ' });
      await until('roomHeads is emitted', () => received.has('roomHeads'), 15_000);
      await owner.call('DELETE', `/rooms/${room.id}/members/${guest.id}`);
      expectValid('leaveRoomAck', await emitWithAck(sockets[0], 'leaveRoom', room.id));
      await guest.call('POST', '/auth/logout');
      await until('sessionExpired is emitted', () => received.has('sessionExpired'));
      await server.stopSocketServer();
      await until('every event was received', () =>
        Object.keys(SERVER_EVENTS).every((event) => received.has(event)),
      );
    });
  });
});
