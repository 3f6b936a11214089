import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

interface Operation {
  readonly responses: Record<string, { content?: Record<string, { schema: object }> }>;
}

export interface OpenApiDocument {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { schemas: Record<string, object> };
}

interface LoadedDocument {
  readonly document: OpenApiDocument;
  readonly ajv: Ajv2020;
  /** Compiled body schemas by operation and status; compiling takes longer than most requests. */
  readonly validators: Map<string, ValidateFunction>;
}

const documents = new Map<string, Promise<LoadedDocument>>();

/** Returns the OpenAPI document of a server. */
export async function openApiDocument(url: string): Promise<OpenApiDocument> {
  return (await load(url)).document;
}

/**
 * Checks a response against the document.
 *
 * @throws Error when the document does not describe this path, status or body
 */
export async function expectDocumented(
  url: string,
  method: string,
  path: string,
  status: number,
  body: unknown,
): Promise<void> {
  const loaded = await load(url);
  const { document } = loaded;
  const call = `${method} ${path.replace(/\?.*/, '')} -> ${status}`;
  const template = templateOf(document, path);
  const operation = template && document.paths[template]?.[method.toLowerCase()];
  // Unknown paths and methods also return the error body.
  const schema = operation
    ? schemaOf(operation, status, call)
    : { $ref: '#/components/schemas/HttpError' };
  if (!operation && status < 400) throw new Error(`${call} is not in the document`);
  if (!schema) {
    if (body !== undefined) throw new Error(`${call} has a body that is not in the document`);
    return;
  }
  const validate = validatorOf(loaded, `${method} ${template} -> ${status}`, schema);
  if (!validate(body)) {
    const errors = loaded.ajv.errorsText(validate.errors);
    throw new Error(`${call} does not match the document: ${errors}`);
  }
}

function validatorOf(
  { ajv, validators }: LoadedDocument,
  call: string,
  schema: object,
): ValidateFunction {
  const cached = validators.get(call);
  if (cached) return cached;
  const validate = ajv.compile(rewriteRefs(schema));
  validators.set(call, validate);
  return validate;
}

function schemaOf(operation: Operation, status: number, call: string): object | undefined {
  const response = operation.responses[String(status)];
  if (!response) throw new Error(`${call} is not in the document`);
  return response.content?.['application/json']?.schema;
}

function templateOf(document: OpenApiDocument, path: string): string | undefined {
  const segments = path.replace(/\?.*/, '').split('/');
  const matching = Object.keys(document.paths).filter((template) => {
    const names = template.split('/');
    return (
      names.length === segments.length &&
      names.every((name, index) => name.startsWith('{') || name === segments[index])
    );
  });
  return matching.find((template) => !template.includes('{')) ?? matching[0];
}

function load(url: string): Promise<LoadedDocument> {
  const loading =
    documents.get(url) ??
    fetch(`${url}/docs-json`).then(async (response) => {
      const document = (await response.json()) as OpenApiDocument;
      const ajv = new Ajv2020({ strict: false, allErrors: true });
      addFormats.default(ajv);
      ajv.addSchema({ $id: 'openapi', components: document.components });
      return { document, ajv, validators: new Map<string, ValidateFunction>() };
    });
  documents.set(url, loading);
  return loading;
}

/** Rewrites references to point to the document registered in ajv as `openapi`. */
function rewriteRefs(schema: object): object {
  return JSON.parse(
    JSON.stringify(schema).replaceAll('"#/components', '"openapi#/components'),
  ) as object;
}
