import { TenantScopeError } from '../errors/tenant-scope-error.js';
import type { ScopedRelation } from '../schema/model.js';
import type { Filter } from '../scope/call.js';
import type { Astray, Forbidden, Guards, Predecessor, References } from '../scope/guards.js';
import { nameOf } from '../scope/refusals.js';
import { structure } from '../scope/structure.js';
import type { LazyQuery, RawClient, RawDelegate } from './raw-client.js';

/** Sends one look-up of the guards'. */
type Send = (start: () => LazyQuery) => Promise<unknown>;

/**
 * A call between its guards, in its transaction.
 *
 * Rows that must not be there are looked up before. A foreign key may name a row that the call itself makes, or be in a branch that
 * does not run; so where no row of the tenant is there before, what has become of it is looked up after. So it is where a part
 * of the key is the row's own.
 *
 * @throws Prisma's own P2003 when a foreign key would name a row that is not this tenant's, `scope_refused` when a row of
 * another tenant would be changed.
 */
export async function guarded(
  { references, forbidden, predecessors, astray }: Guards,
  client: RawClient,
  send: Send,
  call: () => Promise<unknown>,
): Promise<unknown> {
  for (const guard of forbidden) await forbid(guard, client, send);
  for (const each of predecessors) await precede(each, client, send);
  const missing: References[] = [];
  for (const each of references) missing.push(...(await missingRows(each, client, send)));
  const [first] = missing;
  const result = await call().catch((error) => {
    // The same answer as for a row of another tenant, which the database would have taken.
    throw first && isForeignKeyError(error) ? foreignKeyError(first.relation, error) : error;
  });
  for (const each of missing) await forbidNamed(each, client, send);
  for (const each of astray) await forbidAstray(each, client, send);
  return result;
}

async function precede(
  { model, operation, args, into, letGo, refusal }: Predecessor,
  client: RawClient,
  send: Send,
): Promise<void> {
  const row = await send(() => ((client[model.property] as RawDelegate)[operation] as RawDelegate[string])(args)).catch(
    (error) => {
      throw refusal && (error as KnownError).code === 'P2025' ? refusal() : error;
    },
  );
  if (row === null) {
    throw new TenantScopeError(
      'tenant_row_unavailable',
      `a row of ${model.name} that a new row refers to was not found, and could not be created, because a unique value is taken.`,
    );
  }
  if (letGo) {
    const delegate = client[letGo.model.property] as RawDelegate;
    await send(() => (delegate['updateMany'] as RawDelegate[string])(letGo.argsFor(row as Filter)));
  }
  into(row as Filter);
}

async function forbid(
  { model, where, isUnique, isWide, why, refusal }: Forbidden,
  client: RawClient,
  send: Send,
): Promise<void> {
  const delegate = client[model.property] as RawDelegate;
  const [column = ''] = [...model.fields.values()].filter(({ kind }) => kind === 'scalar').map(({ name }) => name);
  const find = isUnique ? 'findUnique' : 'findFirst';
  const found = await send(() => (delegate[find] as RawDelegate[string])({ where, select: { [column]: true } }));
  if (found === null) return;
  if (refusal) throw refusal();
  throw new TenantScopeError(
    'scope_refused',
    isWide
      ? `${why} was refused: rows of another tenant refer to rows of ${model.name}, and may be changed, as it cannot be told before ` +
          'which rows a call comes to that links or changes others of them as well. Write the two as calls of their own, one after ' +
          'the other in a `$transaction`; or correct the foreign keys, and put the tenant into them at both ends.'
      : `${why} was refused: rows of another tenant are at the other end of a relation, and would be changed. Correct the foreign keys, and ` +
          'put the tenant into them at both ends so that the database compares it.',
  );
}

/** No row that was written names what is still not the tenant's. */
async function forbidNamed(references: References, client: RawClient, send: Send): Promise<void> {
  const { relation, ofHolder } = references;
  for (const { keys } of await missingRows(references, client, send)) {
    const where = structure([['AND', [ofHolder, havingOneOf(relation.key.fields, keys)]]]);
    await forbidAstray({ relation, where }, client, send);
  }
}

async function forbidAstray({ relation, where }: Astray, client: RawClient, send: Send): Promise<void> {
  const delegate = client[relation.of.property] as RawDelegate;
  const count = await send(() => (delegate['count'] as RawDelegate[string])({ where }));
  if (count !== 0) throw await knownError(relation, delegate, send);
}

/** The number of values that one statement takes, on every database. */
const MOST_VALUES = 1000;

/** The same with those keys alone that no row of the tenant has; nothing when there are none. */
async function missingRows(references: References, client: RawClient, send: Send): Promise<readonly References[]> {
  const { to, key } = references.relation;
  const delegate = client[to.property] as RawDelegate;
  /**
   * Each key is had by one row at most, so that as many rows as keys are every one of them; where there are fewer, two keys
   * may also be one to the database, and halves are asked for.
   */
  const among = async (keys: References['keys']): Promise<References['keys']> => {
    const where = structure([['AND', [references.ofReferred, havingOneOf(key.references, keys)]]]);
    const count = await send(() => (delegate['count'] as RawDelegate[string])({ where }));
    if (count === keys.length) return [];
    if (keys.length === 1) return keys;
    const half = Math.ceil(keys.length / 2);
    return [...(await among(keys.slice(0, half))), ...(await among(keys.slice(half)))];
  };
  const most = Math.max(1, Math.floor(MOST_VALUES / key.references.length));
  const found: References[] = [];
  for (let from = 0; from < references.keys.length; from += most) {
    const keys = await among(references.keys.slice(from, from + most));
    if (keys.length > 0) found.push({ ...references, keys });
  }
  return found;
}

function havingOneOf(columns: readonly string[], keys: References['keys']): Filter {
  const [column = '', ...others] = columns;
  // Of a Boolean Prisma does not ask whether it is in a list.
  if (others.length === 0 && typeof keys[0]?.[0] !== 'boolean') {
    return structure([[column, structure([['in', keys.map(([value]) => value)]])]]);
  }
  return structure([['OR', keys.map((key) => structure(columns.map((name, index) => [name, key[index]])))]]);
}

/** An error of Prisma's, as the application knows it. */
interface KnownError extends Error {
  readonly code: unknown;
  readonly clientVersion: string;
  readonly constructor: new (message: string, details: object) => Error;
}

function isForeignKeyError(error: unknown): error is KnownError {
  return (error as KnownError | null)?.code === 'P2003';
}

/** P2003 as the database's own, made of an error that Prisma makes, so that it is of the class the application knows. */
async function knownError(relation: ScopedRelation, delegate: RawDelegate, send: Send): Promise<unknown> {
  try {
    await send(() => (delegate['findFirstOrThrow'] as RawDelegate[string])({ where: { OR: [] } }));
  } catch (error) {
    return (error as KnownError).code === 'P2025' ? foreignKeyError(relation, error as KnownError) : error;
  }
  return new TenantScopeError(
    'tenant_row_unavailable',
    `the foreign key of ${nameOf(relation)} names a row that is not there.`,
  );
}

/** The words of Prisma where the database names the columns, and not the constraint. */
function foreignKeyError(relation: ScopedRelation, { constructor: Known, clientVersion }: KnownError): Error {
  const { fields } = relation.key;
  const cause = { kind: 'ForeignKeyConstraintViolation', constraint: { fields } };
  return new Known(
    `Foreign key constraint violated on the fields: (${fields.map((name) => `\`${name}\``).join(', ')})`,
    {
      code: 'P2003',
      clientVersion,
      meta: { modelName: relation.of.name, driverAdapterError: { name: 'DriverAdapterError', cause } },
    },
  );
}
