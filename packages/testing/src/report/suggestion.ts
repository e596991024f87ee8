import type { Entrance, Route } from '../discovery/entrance.js';
import type { JsonSchema } from '../discovery/json-schema.js';
import { HASH_COMMAND } from './visible-text.js';

/** Code for the author to paste into the test, so that an entrance is no longer unproven. */
export function suggestionFor({ id, route }: Entrance): string {
  const example = route ? `(rows, { canary }) => (${requestOf(route)})` : CALL;
  return `describeIsolation(app, {
  examples: {
    ${literal(id)}: ${example},
  },
});`;
}

/** Until the author has written it, it answers with nothing, and so proves nothing. */
const CALL =
  '{ call: async (rows, { client, app }) => { /* call it as the client; answer with what the client sees */ } }';

function requestOf({ path, parameters, body }: Route): string {
  const parts: string[] = [];
  const inPath = parameters.filter((parameter) => parameter.in === 'path');
  const query = parameters.filter((parameter) => parameter.in === 'query' && parameter.isRequired);
  if (inPath.length > 0)
    parts.push(`path: { ${inPath.map(({ name }) => `${key(name)}: ${rowIn(path, name)}`).join(', ')} }`);
  if (query.length > 0) parts.push(`query: { ${query.map(({ name, schema }) => field(name, schema)).join(', ')} }`);
  if (body !== null) parts.push(`body: ${body === 'unknown' ? UNKNOWN : bodyOf(body)}`);
  return `{ ${parts.join(', ') || NOTHING_NEEDED} }`;
}

/** It was called without anything, and that was not enough. */
const NOTHING_NEEDED = "/* query, headers: with which it answers with the tenant's own data */";
const UNKNOWN = '{ /* the fields it needs */ }';

/** Of a GraphQL operation, its variables. */
function bodyOf({ properties = {}, required = [] }: JsonSchema): string {
  const names = required.length > 0 ? required : Object.keys(properties);
  if (names.length === 0) return UNKNOWN;
  return `{ ${names.map((name) => field(name, properties[name] ?? null)).join(', ')} }`;
}

function field(name: string, schema: JsonSchema | null): string {
  return `${key(name)}: ${exampleOf(name, schema)}`;
}

function exampleOf(name: string, schema: JsonSchema | null): string {
  const row = /^(\p{L}+)(?:Id|_id)$/u.exec(name)?.[1];
  if (row) return `rows.${row}.id`;
  if (schema?.enum) return json(schema.enum[0]);
  if (schema?.type === 'number' || schema?.type === 'integer') return String(schema.minimum ?? 1);
  if (schema?.type === 'boolean') return 'true';
  if (schema?.type === 'array') return '[]';
  if (schema?.type === 'object') return '{}';
  return `canary(${literal(name)})`;
}

/** `id` of `/jobs/:id` as `rows.job.id`, `jobId` likewise. */
function rowIn(path: string, name: string): string {
  const named = /^(\p{L}+)(?:Id|_id)$/u.exec(name)?.[1];
  if (named) return `rows.${named}.id`;
  const parts = path.split('/');
  const before = parts
    .slice(0, parts.findIndex((part) => part.includes(`:${name}`)) + 1)
    .filter((part) => /^\p{L}+$/u.test(part));
  return `rows.${(before.at(-1) ?? 'row').replace(/ies$/, 'y').replace(/s$/, '')}.id`;
}

const key = (name: string) => (/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name) ? name : literal(name));

/** As the code base would write it. Whatever the application calls itself, it stays one string. */
function literal(text: string): string {
  return `'${escaped(text).replaceAll("'", "\\'")}'`;
}

const json = (value: unknown) => (typeof value === 'string' ? literal(value) : (JSON.stringify(value) ?? 'null'));

function escaped(text: string): string {
  return JSON.stringify(text)
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replaceAll(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
      character.replaceAll(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
    )
    .replaceAll(COMMAND, '\\x23');
}

const COMMAND = new RegExp(HASH_COMMAND, 'gi');
