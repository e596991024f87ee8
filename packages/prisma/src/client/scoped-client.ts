import { TenantScopeError } from '../errors/tenant-scope-error.js';
import { modelDelegate } from './model-delegate.js';
import type { RawClient, RawDelegate, TransactionOptions } from './raw-client.js';
import { RAW_SQL, rawSql } from './raw-sql.js';
import type { Scope } from './scope.js';
import { runTransaction } from './transaction.js';

/**
 * A client that has what is scoped and nothing else. It is built, not derived: no `$parent`, no `$extends`, no property
 * of Prisma's own leads back to the unscoped client (P25).
 */
export function scopedClient(scope: Scope): object {
  const client: object = {};
  for (const member of refusedMembers(scope.client)) {
    define(client, member, () => () => {
      throw refusedMember(member);
    });
  }
  for (const model of scope.models) {
    const property = model.name.replace(/^./, (first) => first.toLowerCase());
    define(client, property, () => modelDelegate(scope, model, scope.client[property] as RawDelegate));
  }
  if (scope.hasFloor) {
    for (const name of RAW_SQL)
      if (typeof scope.client[name] === 'function') define(client, name, () => rawSql(scope, name));
  }
  if (scope.transactionOf === null) {
    const raw = scope.client;
    define(client, '$connect', () => () => raw.$connect());
    define(client, '$disconnect', () => () => raw.$disconnect());
    define(
      client,
      '$transaction',
      () => (work: unknown, options?: TransactionOptions) => runTransaction(scope, work, options, scopedClient),
    );
  }
  return Object.freeze(client);
}

/** A getter that builds its value once: a transaction uses few of the models. */
function define(client: object, name: string, build: () => unknown): void {
  let built: { readonly value: unknown } | undefined;
  Object.defineProperty(client, name, {
    enumerable: !name.startsWith('$'),
    configurable: true,
    get: () => (built ??= { value: build() }).value,
  });
}

const OTHERS = ['$runCommandRaw', '$extends', '$on', '$connect', '$disconnect', '$transaction'];

/** P22, P23: whatever else a client of this or a later Prisma has under `$`. */
function refusedMembers(client: RawClient): readonly string[] {
  const found = Reflect.ownKeys(client).filter((key) => typeof key === 'string' && key.startsWith('$')) as string[];
  return [...new Set([...RAW_SQL, ...OTHERS, ...found])].filter((name) => name !== '$parent');
}

function refusedMember(name: string): TenantScopeError {
  if ((RAW_SQL as readonly string[]).includes(name)) {
    return new TenantScopeError(
      'scope_refused',
      `${name} was refused: SQL of your own reaches every tenant’s rows. Use the model’s operations, or put the client on a ` +
        'tenant pool of @tenancy/postgres and pass it as `floor`.',
    );
  }
  return new TenantScopeError(
    'scope_refused',
    `${name} was refused: it is not known to stay within the tenant. ` +
      'Call it on the PrismaClient before `tenantScoped`, where it concerns the whole application.',
  );
}
