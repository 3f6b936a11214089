import { STATUS_CODES } from 'node:http';
import { UnavailableError } from '@chat/platform/failures';
import { Injectable } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import { Upstreams } from '../upstreams/upstreams.ts';
import type { UpstreamPool } from '../upstreams/upstream-pool.ts';

const TIMEOUT_MS = 5_000;
/** How long the merged document is cached; a service may be upgraded in the meantime. */
const FRESH_MS = 60_000;

/**
 * Merges the OpenAPI documents of all services into one, as clients see the API through the
 * gateway.
 */
@Injectable()
export class MergedOpenApi {
  #merged: { readonly document: OpenAPIObject; readonly mergedAt: number } | undefined;

  constructor(private readonly upstreams: Upstreams) {}

  /** @throws UnavailableError when a service is unreachable and no earlier document is cached */
  async document(): Promise<OpenAPIObject> {
    if (this.#merged && performance.now() - this.#merged.mergedAt < FRESH_MS) {
      return this.#merged.document;
    }
    const { users, messages, chat } = this.upstreams;
    try {
      const documents = await Promise.all([users, messages, chat].map(documentOf));
      this.#merged = { document: merge(documents), mergedAt: performance.now() };
    } catch (error) {
      if (!this.#merged) {
        throw new UnavailableError(
          'The API document is unavailable. Please try again.',
          1_000,
          error,
        );
      }
    }
    return this.#merged.document;
  }
}

async function documentOf(pool: UpstreamPool): Promise<OpenAPIObject> {
  const instance = pool.choose();
  if (!instance) throw new Error(`no instance of the ${pool.service} service is available`);
  const response = await fetch(`${instance.url}/docs-json`, {
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`${instance.url} responded with status ${response.status}`);
  return (await response.json()) as OpenAPIObject;
}

/** Merges documents. A path or component that several services define is the same in all. */
function merge(documents: readonly OpenAPIObject[]): OpenAPIObject {
  const [first] = documents;
  if (!first) throw new Error('there are no documents to merge');
  const paths = Object.assign({}, ...documents.map(({ paths }) => paths)) as OpenAPIObject['paths'];
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

/** Adds the errors that the gateway itself may return for any operation. */
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
