import { IN_TRANSACTION } from '@tenancy/core/adapter';
import { TenantScopeError } from '../errors/tenant-scope-error.js';
import type { ScopedModel } from '../schema/model.js';
import { withComputedColumns } from './client-source.js';
import type { Extension } from './extension.js';
import { modelDelegate } from './model-delegate.js';
import type { RawClient, TransactionOptions } from './raw-client.js';
import { constantSql, RAW_SQL, rawSql } from './raw-sql.js';
import type { Scope } from './scope.js';
import { runTransaction } from './transaction.js';

/**
 * A client that has what is scoped and nothing else. It is built, not derived: no `$parent`, no property of Prisma's own
 * leads back to the unscoped client (P25).
 */
export function scopedClient(scope: Scope): object {
  const client: object = {};
  const { template } = scope.source;
  for (const member of refusedMembers(template)) {
    define(client, member, () => () => {
      throw refusedMember(member);
    });
  }
  if (scope.transaction === null) {
    for (const [name, descriptor] of scope.own) {
      Object.defineProperty(client, name, { ...descriptor, enumerable: false, configurable: true });
    }
  }
  for (const model of scope.models) {
    define(client, model.property, () => extendedModel(modelDelegate(scope, model), scope.extensions, model, client));
    // By the name of the model Prisma's client answers as well.
    if (model.name !== model.property) {
      Object.defineProperty(client, model.name, {
        configurable: true,
        get: () => (client as Record<string, unknown>)[model.property],
      });
    }
  }
  for (const name of RAW_SQL) {
    if (typeof template[name] !== 'function') continue;
    const refuse = () => {
      throw refusedMember(name);
    };
    define(client, name, () => (scope.hasFloor ? rawSql(scope, name) : constantSql(scope, name, refuse)));
  }
  if (scope.transaction === null) {
    define(client, '$connect', () => () => scope.source.connect());
    define(client, '$disconnect', () => () => scope.source.disconnect());
    define(client, '$extends', () => (extension: unknown) => extended(scope, client, extension));
  }
  if (scope.transaction !== null) Object.defineProperty(client, IN_TRANSACTION, { value: true });
  if (typeof (scope.transaction?.client ?? template).$transaction === 'function') {
    define(
      client,
      '$transaction',
      () => (work: unknown, options?: TransactionOptions) => runTransaction(scope, work, options, scopedClient),
    );
  }
  for (const extension of scope.extensions) {
    for (const [name, method] of Object.entries(extension.client ?? {})) define(client, name, () => method);
  }
  return client;
}

/** The application's own methods and hooks go on top of the scope; columns that it computes are Prisma's to add. */
function extended(scope: Scope, client: object, extension: unknown): object {
  if (typeof extension === 'function') return extension(client);
  const { result } = extension as Extension;
  return scopedClient({
    ...scope,
    source: result === undefined ? scope.source : withComputedColumns(scope.source, result),
    extensions: [...scope.extensions, extension as Extension],
    computed: new Set([...scope.computed, ...computedColumns(result)]),
  });
}

function computedColumns(result: unknown): readonly string[] {
  return Object.values((result ?? {}) as Record<string, object>).flatMap((columns) => Object.keys(columns));
}

/** The `this` of an extension's methods, as in Prisma. */
function extendedModel(
  delegate: Record<string, unknown>,
  extensions: readonly Extension[],
  { name, property }: ScopedModel,
  client: object,
): object {
  for (const { model } of extensions) {
    Object.assign(delegate, model?.['$allModels'], model?.[property], { name, $name: name, $parent: client });
  }
  return delegate;
}

/** Builds its value once, when it is first read: a transaction uses few of the models. Tests may put mocks in its place. */
function define(client: object, name: string, build: () => unknown): void {
  let built: { readonly value: unknown } | undefined;
  Object.defineProperty(client, name, {
    enumerable: !name.startsWith('$'),
    configurable: true,
    get: () => (built ??= { value: build() }).value,
    set: (value: unknown) => {
      built = { value };
    },
  });
}

const OTHERS = ['$runCommandRaw', '$extends', '$on', '$connect', '$disconnect', '$transaction'];

/** P22, P23: whatever else a client of this or a later Prisma has under `$`. */
function refusedMembers(client: RawClient): readonly string[] {
  const found: string[] = [];
  for (let each: object | null = client; each && each !== Object.prototype; each = Object.getPrototypeOf(each)) {
    found.push(...Reflect.ownKeys(each).filter((key) => typeof key === 'string'));
  }
  const members = found.filter((name) => name.startsWith('$'));
  return [...new Set([...RAW_SQL, ...OTHERS, ...members])].filter((name) => name !== '$parent');
}

function refusedMember(name: string): TenantScopeError {
  if ((RAW_SQL as readonly string[]).includes(name)) {
    return new TenantScopeError(
      'scope_refused',
      `${name} was refused: SQL of your own reaches every tenant's rows. Use the model's operations, or put the client on a ` +
        'tenant pool of @tenancy/postgres and pass it as `floor`.',
    );
  }
  if (name === '$runCommandRaw') {
    // Health checks know by these words, which are Prisma's own, that they have to ask in SQL.
    return new TenantScopeError(
      'scope_refused',
      '$runCommandRaw was refused: a command names the documents of every tenant. For other databases Prisma itself refuses it: ' +
        'Use the mongodb provider.',
    );
  }
  if (name === '$transaction') {
    return new TenantScopeError(
      'scope_refused',
      '$transaction inside of a transaction was refused: this version of Prisma has none. Update Prisma to 7.10, or go on in the ' +
        'transaction that is there.',
    );
  }
  return new TenantScopeError(
    'scope_refused',
    `${name} was refused: it is not known to stay within the tenant. ` +
      'Call it on the PrismaClient before `tenantScoped`, where it concerns the whole application.',
  );
}
