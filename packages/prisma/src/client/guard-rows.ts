import { TenantScopeError } from '../errors/tenant-scope-error.js';
import type { Filter } from '../scope/call.js';
import type { Forbidden, Guards, References } from '../scope/guards.js';
import { structure } from '../scope/structure.js';
import type { LazyQuery, RawClient, RawDelegate } from './raw-client.js';

/** Sends one look-up of the guards'. */
type Send = (start: () => LazyQuery) => Promise<unknown>;

/**
 * What must be true before a call may run, asked in its transaction.
 *
 * @throws Prisma's own P2003 when a foreign key would name a row that is not this tenant's, `scope_refused` when a row of
 * another tenant would be changed.
 */
export async function guardRows({ references, forbidden }: Guards, client: RawClient, send: Send): Promise<void> {
  for (const guard of forbidden) await forbid(guard, client, send);
  for (const each of references) await requireRows(each, client, send);
}

async function forbid({ model, where, isUnique, why }: Forbidden, client: RawClient, send: Send): Promise<void> {
  const delegate = client[model.property] as RawDelegate;
  const [column = ''] = [...model.fields.values()].filter(({ kind }) => kind === 'scalar').map(({ name }) => name);
  const find = isUnique ? 'findUnique' : 'findFirst';
  const found = await send(() => (delegate[find] as RawDelegate[string])({ where, select: { [column]: true } }));
  if (found === null) return;
  throw new TenantScopeError(
    'scope_refused',
    `${why} was refused: rows of another tenant refer to it, and would be changed. Correct their foreign keys, and put the ` +
      'tenant into the keys at both ends so that the database compares it.',
  );
}

async function requireRows(references: References, client: RawClient, send: Send): Promise<void> {
  const { to, key } = references.relation;
  const most = Math.max(1, Math.floor(MOST_VALUES / key.references.length));
  for (let from = 0; from < references.keys.length; from += most) {
    const missing = await missingRows(references, references.keys.slice(from, from + most), client, send);
    if (missing.length > 0) throw await foreignKeyError(to.name, client[to.property] as RawDelegate, send);
  }
}

/** What one statement takes of values, on every database. */
const MOST_VALUES = 1000;

/**
 * Those of the keys that no row of the tenant has. Each is had by one row at most, so that as many rows as keys are every
 * one of them; where there are fewer, two keys may also be one to the database, and halves are asked for.
 */
async function missingRows(
  { relation, condition }: References,
  keys: References['keys'],
  client: RawClient,
  send: Send,
): Promise<References['keys']> {
  const { to, key } = relation;
  const delegate = client[to.property] as RawDelegate;
  const missing = async (some: References['keys']): Promise<References['keys']> => {
    const where = structure([['AND', [condition, havingOneOf(key.references, some)]]]);
    const count = await send(() => (delegate['count'] as RawDelegate[string])({ where }));
    if (count === some.length) return [];
    if (some.length === 1) return some;
    const half = Math.ceil(some.length / 2);
    return [...(await missing(some.slice(0, half))), ...(await missing(some.slice(half)))];
  };
  return missing(keys);
}

function havingOneOf(columns: readonly string[], keys: References['keys']): Filter {
  const [column = '', ...others] = columns;
  // Of a Boolean Prisma does not ask whether it is in a list.
  if (others.length === 0 && typeof keys[0]?.[0] !== 'boolean') {
    return structure([[column, structure([['in', keys.map(([value]) => value)]])]]);
  }
  return structure([['OR', keys.map((key) => structure(columns.map((name, index) => [name, key[index]])))]]);
}

/** P2003 as the database's own, made of an error that Prisma makes, so that it is of the class the application knows. */
async function foreignKeyError(model: string, delegate: RawDelegate, send: Send): Promise<unknown> {
  try {
    await send(() => (delegate['findFirstOrThrow'] as RawDelegate[string])({ where: { OR: [] } }));
  } catch (error) {
    const {
      code,
      clientVersion,
      constructor: KnownError,
    } = error as {
      readonly code?: unknown;
      readonly clientVersion: string;
      readonly constructor: new (message: string, details: object) => Error;
    };
    if (code !== 'P2025') return error;
    return new KnownError(`Foreign key constraint violated: there is no such row of ${model}`, {
      code: 'P2003',
      clientVersion,
      meta: { modelName: model },
    });
  }
  return new TenantScopeError('tenant_row_unavailable', `a foreign key names a row of ${model} that is not there.`);
}
