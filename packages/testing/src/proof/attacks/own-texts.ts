import { isTelling } from '../../canaries/telling.js';
import type { HttpRequest } from '../../http-request.js';
import { entriesOf, type Form, formLike, isForm } from '../target/forms.js';
import { nameOf, replaced } from '../target/positions.js';
import type { Target } from '../target/target.js';

/** A text in a request that has the name of a column of planted rows: a value that must not be unique over all tenants. */
export interface ColumnText {
  /** Its place, as a reader would name it: `body.email`. */
  readonly name: string;
  /** `subscriber.email`. */
  readonly column: string;
  /** The request with another text there. */
  put(request: HttpRequest, value: unknown): HttpRequest;
}

/** Every such text of a query and of a body: fields at any depth, of forms, and columns of CSV. */
export function texts(target: Target): readonly ColumnText[] {
  const planted = target.harness.planted(target.other);
  const request = target.transport.requestFor(target.harness.planted(target.own), target.own);
  const columns = (field: string) =>
    Object.keys(planted)
      .filter((name) => isOwn([planted[name]].flat()[0]?.[field]))
      .map((name) => `${name}.${field}`);
  return [...inQueryOf(target), ...placesOf(request?.body)].flatMap(({ field, name, put }) =>
    /id$/i.test(field) ? [] : columns(field).map((column) => ({ name, column, put })),
  );
}

/** Parameters that are declared, given or not. */
function inQueryOf({ entrance: { route } }: Target): readonly Place[] {
  const names = (route?.parameters ?? []).filter((each) => each.in === 'query').map(({ name }) => name);
  return names.map((field) => ({
    field,
    name: `query.${field}`,
    put: (request, by) => ({ ...request, query: { ...request.query, [field]: by } }),
  }));
}

/** Other texts of a body, of which nobody knows what becomes: the first few. */
export function freeTexts(target: Target): readonly Omit<ColumnText, 'column'>[] {
  const request = target.transport.requestFor(target.harness.planted(target.own), target.own);
  const known = new Set(texts(target).map(({ name }) => name));
  const others = leavesOf(request?.body, ['body']).filter(
    ({ field, name }) => !known.has(name) && !/id$|^query$/i.test(field),
  );
  return others.slice(0, MOST);
}

const MOST = 2;

interface Place extends Omit<ColumnText, 'column'> {
  readonly field: string;
}

function placesOf(body: unknown): readonly Place[] {
  if (typeof body === 'string') return columnsOfCsv(body);
  if (isForm(body)) return fieldsOfForm(body);
  return leavesOf(body, ['body']);
}

function leavesOf(value: unknown, at: readonly (string | number)[]): readonly Place[] {
  const field = at.findLast((key) => typeof key === 'string') as string;
  if (typeof value === 'string') {
    return [{ field, name: nameOf(at), put: (request, by) => replaced(request, [[at, by]]) }];
  }
  if (typeof value !== 'object' || value === null) return [];
  const inside = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return inside.flatMap(([key, each]) => leavesOf(each, [...at, key]));
}

function fieldsOfForm(form: Form): readonly Place[] {
  return entriesOf(form).flatMap(([field, value]) =>
    typeof value === 'string'
      ? [
          {
            field,
            name: `field ${field}`,
            put: (request, by) => ({ ...request, body: withField(request.body, field, by) }),
          },
        ]
      : [],
  );
}

function withField(body: unknown, field: string, value: unknown): unknown {
  if (!isForm(body)) return body;
  return formLike(
    body,
    entriesOf(body).map(([name, each]) => [name, name === field ? String(value) : each]),
  );
}

/** Of a text with a line of names and lines of as many values. */
function columnsOfCsv(text: string): readonly Place[] {
  const [head = '', ...rows] = text.split(/\r?\n/);
  const names = head.split(',');
  if (rows.length === 0 || !names.every((name) => /^\w+$/.test(name))) return [];
  return names.map((field, n) => ({
    field,
    name: `column ${field}`,
    put: (request, by) => ({
      ...request,
      body: String(request.body)
        .split('\n')
        .map((line, row) => (row === 0 || line.trim() === '' ? line : withCell(line, n, String(by))))
        .join('\n'),
    }),
  }));
}

function withCell(line: string, column: number, value: string): string {
  const end = line.endsWith('\r') ? '\r' : '';
  return line.trimEnd().split(',').with(column, value).join(',') + end;
}

/** A word of an enumeration is everybody's. */
function isOwn(value: unknown): boolean {
  return typeof value === 'string' && isTelling(value);
}
