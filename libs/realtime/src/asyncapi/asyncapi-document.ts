import { CLIENT_EVENTS, SERVER_EVENTS, SocketError } from '@chat/contracts';
import { allowAdditionalProperties } from '@chat/platform/http';
import { z } from 'zod';

type JsonSchema = Record<string, unknown>;

const DEFINITIONS = '#/definitions/';
const SCHEMAS = '#/components/schemas/';

/** Generates the AsyncAPI 3 document of the socket events from the schemas that validate them. */
export function asyncApiDocument(version: string): object {
  const schemas: Record<string, JsonSchema> = {};
  const messages: Record<string, object> = {};
  const operations: Record<string, object> = {};

  for (const [event, { payload, result, summary }] of Object.entries(CLIENT_EVENTS)) {
    const ack = `${event}Ack`;
    messages[event] = { name: event, summary, payload: hoist(payload, 'input', schemas) };
    messages[ack] = {
      name: ack,
      summary: `Acknowledgement of ${event}.`,
      payload: {
        oneOf: [
          {
            allOf: [
              { type: 'object', required: ['ok'], properties: { ok: { const: true } } },
              hoist(result, 'output', schemas),
            ],
          },
          {
            type: 'object',
            required: ['ok', 'error'],
            properties: { ok: { const: false }, error: hoist(SocketError, 'output', schemas) },
          },
        ],
      },
    };
    operations[event] = {
      action: 'receive',
      summary,
      channel: { $ref: '#/channels/chat' },
      messages: [{ $ref: `#/channels/chat/messages/${event}` }],
      reply: {
        channel: { $ref: '#/channels/chat' },
        messages: [{ $ref: `#/channels/chat/messages/${ack}` }],
      },
    };
  }

  for (const [event, { payload, summary }] of Object.entries(SERVER_EVENTS)) {
    messages[event] = { name: event, summary, payload: hoist(payload, 'output', schemas) };
    operations[event] = {
      action: 'send',
      summary,
      channel: { $ref: '#/channels/chat' },
      messages: [{ $ref: `#/channels/chat/messages/${event}` }],
    };
  }

  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Chat socket events',
      version,
      description:
        'Socket.IO events on the path /socket.io, namespace /. The handshake carries ' +
        '`auth: {token}` with an access token; a missing, bad or expired one is rejected with ' +
        '`connect_error` and `err.data = {code: "UNAUTHORIZED", message}`. Every client event ' +
        'takes an optional acknowledgement; without one an error arrives as `exception`.',
    },
    defaultContentType: 'application/json',
    channels: {
      chat: {
        address: '/socket.io',
        messages: Object.fromEntries(
          Object.keys(messages).map((name) => [name, { $ref: `#/components/messages/${name}` }]),
        ),
      },
    },
    operations,
    components: { messages, schemas },
  };
}

/** Returns the JSON schema with its named subschemas moved to `schemas`. */
function hoist(
  schema: z.ZodType,
  io: 'input' | 'output',
  schemas: Record<string, JsonSchema>,
): JsonSchema {
  const {
    $schema: _,
    definitions = {},
    ...own
  } = z.toJSONSchema(schema, { io, target: 'draft-7', override: allowAdditionalProperties });
  const json = JSON.parse(
    JSON.stringify({ definitions, own }).replaceAll(`"${DEFINITIONS}`, `"${SCHEMAS}`),
  ) as { definitions: Record<string, JsonSchema>; own: JsonSchema };
  Object.assign(schemas, json.definitions);
  const name = schema.meta()?.id;
  if (!name) return json.own;
  schemas[name] ??= json.own;
  return { $ref: `${SCHEMAS}${name}` };
}
