import type { HttpRequest } from '../../http-request.js';
import type { Target } from '../target/target.js';
import { type Attack, leakOf, notApplicable, proven } from './attack.js';

const NAMES = ['tenantId', 'tenant_id', 'tenant', 'organizationId', 'orgId', 'companyId', 'accountId', 'workspaceId'];

/** A tenant field of the other's in body and query, under each name that it may have. */
export const tenantField: Attack = {
  name: 'tenant-field',
  run: async (target) => {
    if (!target.transport.requestFor(target.harness.planted(target.own), target.own))
      return notApplicable('It has no request to put a field into.');
    for (const name of await namesOf(target)) {
      for (const value of new Set([target.other.id, ...(/id$/i.test(name) ? [] : [target.other.slug])])) {
        for (const [where, change] of changes(target, name, value)) {
          const attempt = await target.attempt(await target.asItself(target.own, { change }));
          const leak = leakOf(attempt, target, `With ${name} of the other's in the ${where}`);
          if (leak) return leak;
        }
      }
    }
    return proven('It made no difference under any name.');
  },
};

function changes(target: Target, name: string, value: string): [string, (request: HttpRequest) => HttpRequest][] {
  const inQuery = (request: HttpRequest) => ({ ...request, query: { ...request.query, [name]: value } });
  if (!target.changesRows && target.entrance.route?.body === null) return [['query', inQuery]];
  const isObject = (body: unknown): body is object =>
    typeof body === 'object' && body !== null && !Array.isArray(body) && !(body instanceof FormData);
  return [
    ['query', inQuery],
    [
      'body',
      (request) =>
        request.body === undefined || isObject(request.body)
          ? { ...request, body: withField(request.body, name, value) }
          : request,
    ],
  ];
}

/** Of a GraphQL operation, into each object among its variables. */
function withField(body: unknown, name: string, value: string): object {
  const { query, variables } = (body ?? {}) as { query?: unknown; variables?: Record<string, unknown> };
  if (typeof query !== 'string' || !variables) return { ...(body as object), [name]: value };
  const inputs = Object.entries(variables).map(([key, each]) => [
    key,
    typeof each === 'object' && each !== null && !Array.isArray(each) ? { ...each, [name]: value } : each,
  ]);
  return { ...(body as object), variables: Object.fromEntries(inputs) };
}

/** And the names that the tables themselves have for it. */
async function namesOf({ harness, other }: Target): Promise<Set<string>> {
  const rows = Object.values((await harness.rowsOf?.(other)) ?? {}).flat();
  const columns = rows.flatMap((row) =>
    Object.entries(row).flatMap(([name, value]) => (value === other.id ? [name] : [])),
  );
  const camel = columns.map((name) => name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()));
  return new Set([...columns, ...camel, ...NAMES].filter((name) => name !== 'id'));
}
