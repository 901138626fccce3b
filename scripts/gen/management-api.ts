import type { OpenAPIV3_1 as OpenApi } from 'openapi-types';
import { createManagementApi } from '../../src/http/management/api.ts';
import type { Generated } from '../gen.ts';

type Schema = OpenApi.SchemaObject;

/** docs/reference/openapi.json, as the server gives it at `/openapi.json`, and the same as a page. */
export async function generate(): Promise<Generated> {
  const api = await createManagementApi({
    tokens: [],
    mounts: [],
    manage: null,
    purging: { purge: async () => {}, copies: async () => 'removed', close: async () => {} },
    emit: () => {},
    stopping: new AbortController().signal,
  });
  const document = api.swagger() as OpenApi.Document;
  await api.close();
  return {
    'docs/reference/openapi.json': `${JSON.stringify(document, null, 2)}\n`,
    'docs/reference/management-api.md': pageOf(document),
  };
}

function pageOf({ info, paths = {} }: OpenApi.Document): string {
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    (['get', 'post', 'delete'] as const).flatMap((method) => {
      const operation = item?.[method];
      return operation === undefined ? [] : [operationOf(`${method.toUpperCase()} ${path}`, operation)];
    }),
  );
  return `<!-- Generated from src/http/management by \`npm run gen\`. -->

# Management API

${info.description}

[As OpenAPI 3.1](openapi.json), which the server also gives at \`GET /openapi.json\`, without a token. How to use it:
[the guide](../guide/management-api.md).

${operations.join('\n')}
## Failures

| field | type | |
| --- | --- | --- |
${rowsOf(replyOf(Object.values(paths)[0]?.get, '4XX')).join('\n')}

Codes and their statuses are those of [all errors](errors.md).
`;
}

function operationOf(title: string, operation: OpenApi.OperationObject): string {
  const { summary = '', description, parameters = [], requestBody } = operation;
  const query = (parameters as OpenApi.ParameterObject[]).map(
    ({ name, description: text, required, schema }) =>
      `| \`${name}\` | ${typeOf(schema as Schema)} | ${required === true ? 'yes' : 'no'} | ${text ?? (schema as Schema).description ?? ''} |`,
  );
  const bodies = alternativesOf(schemaOf(requestBody as OpenApi.RequestBodyObject | undefined));
  return [
    `## \`${title}\``,
    '',
    `${summary}.${description === undefined ? '' : ` ${description}`}`,
    '',
    ...(query.length === 0
      ? []
      : ['| in the query | type | needed | |', '| --- | --- | --- | --- |', ...query, '']),
    ...bodies.flatMap((body, index) => [
      `| ${index === 0 ? 'in the body, JSON' : 'or'} | type | needed | |`,
      '| --- | --- | --- | --- |',
      ...bodyRowsOf(body),
      '',
    ]),
    '| in the answer | type | |',
    '| --- | --- | --- |',
    ...rowsOf(replyOf(operation, '200')),
    '',
  ].join('\n');
}

const schemaOf = (
  holder: { content?: Record<string, OpenApi.MediaTypeObject> } | undefined,
): Schema | undefined => holder?.content?.['application/json']?.schema;

const replyOf = (operation: OpenApi.OperationObject | undefined, status: string): Schema =>
  schemaOf(operation?.responses?.[status] as OpenApi.ResponseObject | undefined) ?? {};

const alternativesOf = (schema: Schema | undefined): Schema[] =>
  schema === undefined ? [] : (schema.anyOf ?? [schema]);

function bodyRowsOf({ properties = {}, required = [] }: Schema): string[] {
  return Object.entries(properties as Record<string, Schema>).map(
    ([name, field]) =>
      `| \`${name}\` | ${typeOf(field)} | ${required.includes(name) ? 'yes' : 'no'} | ${field.description ?? ''} |`,
  );
}

/** Fields, and those of the objects in them: `originals[].key`. */
function rowsOf({ properties = {} }: Schema, before = ''): string[] {
  return Object.entries(properties as Record<string, Schema>).flatMap(([name, field]) => {
    const within = field.type === 'array' ? (field.items as Schema) : field;
    const path = `${before}${name}${field.type === 'array' ? '[]' : ''}`;
    const row = `| \`${path}\` | ${typeOf(field)} | ${field.description ?? ''} |`;
    return within.type === 'object' ? [row, ...rowsOf(within, `${path}.`)] : [row];
  });
}

function typeOf(schema: Schema): string {
  const { type, enum: values, anyOf, minimum, maximum } = schema;
  const of = anyOf?.map((each) => ('type' in each ? each.type : 'object')).join(' or ');
  const named = Array.isArray(type) ? type.join(' or ') : String(type);
  const text = values?.map((value) => `\`${value}\``).join(' or ') ?? of ?? named;
  const bounds =
    minimum === undefined || maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER
      ? ''
      : `, ${minimum} to ${maximum}`;
  const unless = schema.default === undefined || schema.default === '' ? '' : `; ${String(schema.default)}`;
  return text + bounds + unless;
}
