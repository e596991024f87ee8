import type { Entrance, Route } from '../discovery/entrance.js';
import type { JsonSchema } from '../discovery/json-schema.js';

/** What the author writes so that an entrance is no longer unproven, ready to be pasted into the test. */
export function suggestionFor({ id, route, kind }: Entrance): string {
  if (!route) return exemption(id, `${kind}: what shows that it keeps tenants apart`);
  return `describeIsolation(app, {
  examples: {
    ${literal(id)}: (rows) => (${requestOf(route, kind === 'graphql')}),
  },
});`;
}

function exemption(id: string, reason: string): string {
  return `describeIsolation(app, {
  exempt: {
    ${literal(id)}: ${literal(`TODO ${reason}`)},
  },
});`;
}

function requestOf(route: Route, isGraphql: boolean): string {
  const parts: string[] = [];
  const path = route.parameters.filter((parameter) => parameter.in === 'path');
  const query = route.parameters.filter((parameter) => parameter.in === 'query' && parameter.isRequired);
  if (path.length > 0 && !isGraphql) parts.push(`path: ${pathOf(route.path)}`);
  if (query.length > 0) parts.push(`query: { ${query.map(({ name, schema }) => field(name, schema)).join(', ')} }`);
  if (isGraphql) parts.push(`body: { query: ${literal(route.document ?? '{ … }')}, variables: {} }`);
  else if (route.body === 'unknown') parts.push('body: { /* the fields it needs */ }');
  else if (route.body) parts.push(`body: ${bodyOf(route.body)}`);
  return parts.length === 0 ? `{ path: ${pathOf(route.path)} }` : `{ ${parts.join(', ')} }`;
}

function bodyOf({ properties = {}, required = [] }: JsonSchema): string {
  const names = required.length > 0 ? required : Object.keys(properties);
  if (names.length === 0) return '{ /* the fields it needs */ }';
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
  return literal('TODO');
}

/** `/jobs/:id` as a template: `/jobs/${rows.job.id}`. */
function pathOf(path: string): string {
  let row = 'row';
  const segments = path.split('/').map((segment) => {
    if (/^[:*{]/.test(segment)) {
      const named = /^:(\p{L}+)(?:Id|_id)$/u.exec(segment)?.[1];
      return `\${rows.${named ?? row}.id}`;
    }
    row = /^\p{L}+$/u.test(segment) ? segment.replace(/ies$/, 'y').replace(/s$/, '') : 'row';
    return escaped(segment).replaceAll(/[`$]/g, '\\$&');
  });
  return `\`${segments.join('/')}\``;
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
    );
}
