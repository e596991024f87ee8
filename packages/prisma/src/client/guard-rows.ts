import { TenantScopeError } from '../errors/tenant-scope-error.js';
import type { Forbidden, Guards, Reference } from '../scope/guards.js';
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
  for (const reference of references) await requireRows(reference, client, send);
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

async function requireRows({ model, wheres }: Reference, client: RawClient, send: Send): Promise<void> {
  const delegate = client[model.property] as RawDelegate;
  for (const where of wheres) {
    const count = await send(() => (delegate['count'] as RawDelegate[string])({ where }));
    if (count === 0) throw await foreignKeyError(model.name, delegate, send);
  }
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
