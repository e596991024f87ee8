import type { TenantContext } from '@tenancy/core';
import { isTenantPool, missingConnection, type TenantPoolLike, unknownOption } from '@tenancy/core/adapter';
import { type ClientSource, oneClient } from './client/client-source.js';
import { ownMembers } from './client/own-members.js';
import type { RawClient } from './client/raw-client.js';
import { scopedClient } from './client/scoped-client.js';
import { TenantTurns } from './client/tenant-turns.js';
import { misconfigured } from './errors/misconfigured.js';
import { checkFloor, oneClientForAllSchemas } from './floor.js';
import { internalsOf } from './prisma-internals.js';
import { classify } from './schema/classify.js';
import type { TenancySchema } from './schema/generated-schema.js';
import { schemaOf } from './schema/schema-of.js';
import { clientPerSchema } from './separate/client-per-schema.js';
import type { PrismaClientLike, RawSql, TenantScopedClient } from './tenant-scoped-client.js';

/** Options of {@link tenantScoped}. */
export interface TenantScopedOptions<Field extends string = string> {
  /** The source of the current tenant. */
  readonly context: Pick<TenantContext, 'tenantId' | 'bind'>;
  /**
   * The models without the tenant field, by name: every tenant may read all of their rows.
   * @defaultValue `[]`
   */
  readonly shared?: readonly string[];
  /**
   * Those of `shared` that tenants may write to, each for all of them.
   * @defaultValue `[]`
   */
  readonly writable?: readonly string[];
  /**
   * The field that holds the tenant's id.
   * @defaultValue `'tenantId'`
   */
  readonly tenantField?: Field;
  /**
   * The `tenancySchema` of the file that the generator `tenancy-prisma` wrote.
   * @defaultValue the schema that the client carries in itself
   */
  readonly schema?: TenancySchema;
  /**
   * The pool of @tenancy/postgres that the client sends its queries through. The database then holds raw SQL to the
   * tenant, so it is allowed.
   * @defaultValue none: raw SQL is refused
   */
  readonly floor?: TenantPoolLike;
}

/** For a pool that gives each tenant a schema of its own. */
export interface ClientPerSchemaOptions<Field extends string = string> extends TenantScopedOptions<Field> {
  readonly floor: TenantPoolLike;
  /**
   * How many clients are kept; the one that was not used for longest is disconnected first.
   * @defaultValue 50
   */
  readonly maxClients?: number;
}

/**
 * A Prisma client whose every query stays within the tenant of the context it is created in. What cannot be kept there
 * is refused; nothing runs unscoped.
 *
 * @throws `scope_misconfigured` when a model is unclassified, an option is unknown, `shared` is wrong, the schema is stale, or the client
 * cannot be scoped or has no database.
 *
 * @example
 * ```ts
 * import { TenantContext } from '@tenancy/core';
 * import { tenantScoped } from '@tenancy/prisma';
 * import { PrismaPg } from '@prisma/adapter-pg';
 * import { PrismaClient } from './generated/client.js';
 *
 * const context = new TenantContext();
 * const adapter = new PrismaPg({ connectionString: process.env.DATABASE_URL });
 * const prisma = tenantScoped(new PrismaClient({ adapter }), { context, shared: ['Country'] });
 * const jobs = await context.run({ id: 't_acme', slug: 'acme' }, () =>
 *   prisma.job.findMany({ include: { candidates: true } }),
 * );
 * ```
 */
export function tenantScoped<Client extends PrismaClientLike, const Field extends string = 'tenantId'>(
  prisma: (place: { readonly schema: string }) => Client,
  options: ClientPerSchemaOptions<Field>,
): TenantScopedClient<Client, RawSql, Field>;
export function tenantScoped<Client extends PrismaClientLike, const Field extends string = 'tenantId'>(
  prisma: Client,
  options: TenantScopedOptions<Field> & { readonly floor: TenantPoolLike },
): TenantScopedClient<Client, RawSql, Field>;
export function tenantScoped<Client extends PrismaClientLike, const Field extends string = 'tenantId'>(
  prisma: Client,
  options: TenantScopedOptions<Field>,
): TenantScopedClient<Client, never, Field>;
export function tenantScoped<Client extends PrismaClientLike>(
  prisma: Client | ((place: { readonly schema: string }) => Client),
  options: TenantScopedOptions | ClientPerSchemaOptions,
): TenantScopedClient<Client> {
  return scopedClientOf(prisma, options, null);
}

/**
 * As `tenantScoped`.
 *
 * @param before waited for before anything is sent.
 */
export function scopedClientOf<Client extends PrismaClientLike>(
  prisma: Client | ((place: { readonly schema: string }) => Client),
  options: TenantScopedOptions | ClientPerSchemaOptions,
  before: Promise<void> | null,
): TenantScopedClient<Client> {
  const { context, floor } = options ?? {};
  if (typeof context?.bind !== 'function')
    throw misconfigured('tenantScoped: the option `context` is missing. Pass a TenantContext.');
  const [, problem, fix] = unknownOption('', options, KNOWN) ?? [];
  if (problem) {
    const unknown = Object.keys(options).find((name) => !KNOWN.includes(name));
    throw misconfigured(`tenantScoped: the option \`${unknown}\` ${problem}. ${fix}`);
  }
  if (typeof prisma === 'function') return scopedOverSchemas(prisma, options as ClientPerSchemaOptions);
  const client = checkedClient(prisma);
  if (isTenantPool(floor) && floor.strategy === 'schema-per-tenant') throw oneClientForAllSchemas();
  checkFloor(client, floor);
  const isSeparate = isTenantPool(floor) && floor.strategy === 'database-per-tenant';
  return build(client, options, isSeparate, oneClient(client), before) as TenantScopedClient<Client>;
}

/** The compiler tells of one that is missing. */
const OPTIONS: { readonly [option in keyof ClientPerSchemaOptions]-?: true } = {
  context: true,
  shared: true,
  writable: true,
  tenantField: true,
  schema: true,
  floor: true,
  maxClients: true,
};
const KNOWN: readonly string[] = Object.keys(OPTIONS);

function scopedOverSchemas<Client extends PrismaClientLike>(
  create: (place: { readonly schema: string }) => Client,
  options: ClientPerSchemaOptions,
): TenantScopedClient<Client> {
  const { floor, maxClients } = options;
  if (!isTenantPool(floor) || floor.strategy !== 'schema-per-tenant') {
    throw misconfigured(
      'tenantScoped: a function that makes clients is for a pool of `schemaPerTenant()`, passed as `floor`. Otherwise pass the client itself.',
    );
  }
  const open = (schema: string) => {
    const client = checkedClient(create({ schema }));
    checkFloor(client, floor);
    return client;
  };
  // Never sends a query: it only tells what there is on a client.
  const template = open('public');
  return build(
    template,
    options,
    true,
    clientPerSchema(template, open, floor, maxClients),
    null,
  ) as TenantScopedClient<Client>;
}

function build(
  template: RawClient,
  { context, shared = [], writable = [], tenantField = 'tenantId', schema: generated, floor }: TenantScopedOptions,
  isSeparate: boolean,
  source: ClientSource,
  before: Promise<void> | null,
): object {
  const schema = schemaOf(template, generated);
  const { omit, previewFeatures, errorFormat } = internalsOf(template);
  const isOmitted = (property: string, field: string) => omit?.[property]?.[field] === true;
  const models = classify(schema, { tenantField, shared, writable, isSeparate, isOmitted });
  return scopedClient({
    identity: {},
    source,
    context,
    models,
    own: ownMembers(template, models),
    showsCallSites: errorFormat !== 'minimal',
    turns: TenantTurns.of(template),
    hasFloor: floor !== undefined,
    forbidsUndefined: previewFeatures?.includes('strictUndefinedChecks') === true,
    comparesBytes: COMPARES_BYTES.has(schema.provider),
    before,
    extensions: [],
    computed: new Set(),
    transaction: null,
  });
}

/** The databases whose usual text is equal only when it is the same. */
const COMPARES_BYTES: ReadonlySet<string> = new Set(['postgresql', 'postgres', 'cockroachdb', 'sqlite']);

function checkedClient(prisma: unknown): RawClient {
  const { version, extensions, provider, adapter } = internalsOf(prisma);
  if (typeof version === 'string' && !version.startsWith('7.')) {
    throw misconfigured(
      `tenantScoped: this is a client of Prisma ${version}, and this version scopes Prisma 7. Install @prisma/client@7.`,
    );
  }
  // Its methods hold the unscoped client, and its query hooks could take the tenant out again.
  if (extensions?.isEmpty?.() !== true) {
    throw misconfigured(
      'tenantScoped: this is not a PrismaClient of Prisma 7 without extensions. Pass `new PrismaClient(…)` itself, and extend what ' +
        '`tenantScoped` returns: `tenantScoped(prisma, …).$extends(…)`.',
    );
  }
  if (provider === 'mongodb') throw misconfigured('tenantScoped: MongoDB is not supported. Use a relational database.');
  // A tenant pool has looked at its own, and an adapter of the application's own may know the place by itself.
  if (adapter?.provider === 'postgres' && 'config' in adapter && !isTenantPool(adapter.externalPool)) {
    const missing = missingConnection(adapter.config ?? { connectionString: undefined });
    if (missing !== null) throw misconfigured(`tenantScoped: of the client's adapter ${missing}`);
  }
  return prisma as RawClient;
}
