import type { HttpRequest } from '../../http-request.js';
import { TENANT_FIELDS } from '../inputs/values.js';
import { entriesOf, formLike, isForm } from '../target/forms.js';
import { isGraphql, isPlain } from '../target/plain-objects.js';
import type { Attempt, Target } from '../target/target.js';
import { isTextBody, withObjects, withText } from '../target/text-bodies.js';
import { type Attack, leakOf, notApplicable, proven } from './attack.js';

/** A tenant field of the other's in body and query, under each name that it may have. */
export const tenantField: Attack = {
  name: 'tenant-field',
  isOneWay: true,
  run: async (target) => {
    if (!target.transport.requestFor(target.harness.planted(target.own), target.own))
      return notApplicable('It has no request to put a field into.');
    const { id, slug } = target.other;
    const { columns, usual } = await namesOf(target);
    const isId = (name: string) => /id$/i.test(name);
    // All of them at once where that is taken and makes no difference, and what the tables call it by itself as well.
    const names = [...columns, ...usual];
    const sets: Fields[] = [
      Object.fromEntries(names.map((name) => [name, id])),
      Object.fromEntries(names.map((name) => [name, isId(name) ? id : slug])),
    ];
    const each = names.flatMap((name): Fields[] => [{ [name]: id }, ...(isId(name) ? [] : [{ [name]: slug }])]);
    const alone = each.filter((fields) => columns.includes(Object.keys(fields)[0] as string));
    const plain = target.changesRows ? null : (await attempted(target, (request) => request)).answer?.text;
    for (const [place, changed] of placesIn(target)) {
      let matters = false;
      for (const fields of sets) {
        const attempt = await attempted(target, changed(fields));
        const leak = leakOf(attempt, target, `With a tenant field of the other's in the ${place}`);
        if (leak) return leak;
        matters ||= attempt.isRefused || (plain !== null && attempt.answer?.text !== plain);
      }
      for (const fields of matters ? each : alone) {
        const attempt = await attempted(target, changed(fields));
        const leak = leakOf(attempt, target, `With ${Object.keys(fields)[0]} of the other's in the ${place}`);
        if (leak) return leak;
      }
      if (place !== 'body' || !target.changesRows) continue;
      // Where the field says in whose rows an id is looked for.
      for (const fields of sets) {
        const rows = await target.rowsFor(target.other);
        const attempt = await target.attempt(await target.asItself(target.own, { rows, change: changed(fields) }));
        const leak = leakOf(attempt, target, `With the other's rows and a tenant field of its in the ${place}`);
        if (leak) return leak;
      }
    }
    return proven('It made no difference under any name.');
  },
};

type Fields = Readonly<Record<string, string>>;

async function attempted(target: Target, change: (request: HttpRequest) => HttpRequest): Promise<Attempt> {
  return target.attempt(await target.asItself(target.own, { change }));
}

type Changed = (fields: Fields) => (request: HttpRequest) => HttpRequest;

function placesIn(target: Target): readonly (readonly [place: string, changed: Changed])[] {
  const inQuery: Changed = (fields) => (request) => ({ ...request, query: { ...request.query, ...fields } });
  if (!target.changesRows && target.entrance.route?.body === null) return [['query', inQuery]];
  const request = target.transport.requestFor(target.harness.planted(target.own), target.own);
  const inBody: Changed = (fields) => (each) => ({ ...each, body: withFields(each.body ?? {}, fields) });
  const nested: Changed = (fields) => (each) => ({ ...each, body: inEveryObject(each.body, fields) });
  const isDeep = Object.values((request?.body ?? {}) as object).some(
    (each) => typeof each === 'object' && each !== null,
  );
  return [['query', inQuery], ['body', inBody], ...(isDeep ? ([['objects of the body', nested]] as const) : [])];
}

/** Of a GraphQL operation, into each object among its variables; into a form as fields; into a JSON Patch as operations; into a table as columns. */
function withFields(body: unknown, fields: Fields): unknown {
  if (isForm(body)) return formLike(body, [...entriesOf(body), ...Object.entries(fields)]);
  if (isTextBody(body)) {
    return withText(body, (text) => withObjects(text, (value) => withFields(value, fields), fields));
  }
  if (Array.isArray(body)) return isPatch(body) ? patched(body, fields) : body.map((item) => withFields(item, fields));
  if (!isPlain(body)) return body;
  if (!isGraphql(body)) return { ...body, ...fields };
  const inputs = Object.entries(body.variables).map(([key, each]) => [
    key,
    isPlain(each) ? { ...each, ...fields } : each,
  ]);
  return { ...body, variables: Object.fromEntries(inputs) };
}

/** At every depth below the top. */
function inEveryObject(body: unknown, fields: Fields): unknown {
  if (Array.isArray(body)) return body.map((item) => (isPlain(item) ? below(item, fields) : item));
  return isPlain(body)
    ? Object.fromEntries(Object.entries(body).map(([key, each]) => [key, below(each, fields)]))
    : body;
}

function below(value: unknown, fields: Fields): unknown {
  if (Array.isArray(value)) return value.map((item) => below(item, fields));
  return isPlain(value) ? { ...(inEveryObject(value, fields) as object), ...fields } : value;
}

function isPatch(body: readonly unknown[]): boolean {
  const [first] = body as readonly { op?: unknown; path?: unknown }[];
  return typeof first?.op === 'string' && typeof first.path === 'string';
}

function patched(operations: readonly unknown[], fields: Fields): readonly unknown[] {
  return [
    ...operations,
    ...Object.entries(fields).map(([name, value]) => ({ op: 'replace', path: `/${name}`, value })),
  ];
}

/** The names that the tables themselves have for it, and the usual ones. */
async function namesOf({ harness, other }: Target) {
  const rows = Object.values((await harness.rowsOf?.(other)) ?? {}).flat();
  const named = rows.flatMap((row) =>
    Object.entries(row).flatMap(([name, value]) => (value === other.id ? [name] : [])),
  );
  const camel = named.map((name) => name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()));
  const columns = [...new Set([...named, ...camel])].filter((name) => name !== 'id');
  return { columns, usual: TENANT_FIELDS.filter((name) => !columns.includes(name)) };
}
