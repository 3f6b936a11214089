import { STATUS_CODES } from 'node:http';
import { UnavailableError } from '@chat/platform';
import { Injectable } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import { Upstreams } from '../upstreams/upstreams.ts';
import type { UpstreamPool } from '../upstreams/upstream-pool.ts';

const TIMEOUT_MS = 5_000;
/** After so long the services are asked again: one of them may be newer by then. */
const FRESH_MS = 60_000;

/** One OpenAPI document of all services, as clients see them through the gateway. */
@Injectable()
export class MergedOpenApi {
  #merged: { readonly document: OpenAPIObject; readonly at: number } | undefined;

  constructor(private readonly upstreams: Upstreams) {}

  /** @throws UnavailableError when a service cannot be asked, and never could be */
  async document(): Promise<OpenAPIObject> {
    if (this.#merged && performance.now() - this.#merged.at < FRESH_MS) {
      return this.#merged.document;
    }
    const { users, messages, chat } = this.upstreams;
    try {
      const documents = await Promise.all([users, messages, chat].map(documentOf));
      this.#merged = { document: merge(documents), at: performance.now() };
    } catch (error) {
      if (!this.#merged) {
        throw new UnavailableError('Not all services can be asked at the moment.', 1_000, error);
      }
    }
    return this.#merged.document;
  }
}

async function documentOf(pool: UpstreamPool): Promise<OpenAPIObject> {
  const instance = pool.choose();
  if (!instance) throw new Error(`no ${pool.service} service lives`);
  const response = await fetch(`${instance.url}/docs-json`, {
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`${instance.url} answers ${response.status}`);
  return (await response.json()) as OpenAPIObject;
}

/** The same path or component of two services is the same in both. */
function merge(documents: readonly OpenAPIObject[]): OpenAPIObject {
  const [first] = documents;
  if (!first) throw new Error('there is no document');
  const paths = Object.assign({}, ...documents.map((one) => one.paths)) as OpenAPIObject['paths'];
  for (const { get, post, put, patch, delete: remove } of Object.values(paths)) {
    for (const operation of [get, post, put, patch, remove]) {
      if (operation) documentGatewayErrors(operation);
    }
  }
  return {
    ...first,
    paths,
    components: {
      ...first.components,
      schemas: Object.assign(
        {},
        ...documents.map(({ components }) => components?.schemas),
      ) as NonNullable<OpenAPIObject['components']>['schemas'],
    },
  };
}

/** What the gateway itself may answer, whatever was asked. */
function documentGatewayErrors(
  operation: NonNullable<OpenAPIObject['paths'][string]['get']>,
): void {
  for (const status of [429, 502, 503, 504]) {
    operation.responses[status] ??= {
      description: STATUS_CODES[status] ?? 'Error',
      content: { 'application/json': { schema: { $ref: '#/components/schemas/HttpError' } } },
    };
  }
}
