import type { Tenant } from '@tenancy/core';
import type { Arbitrary } from 'fast-check';
import { Canaries } from './compared/canaries.js';
import { Broken, type Clients, Comparison, type Verdict, type Work } from './compared/compare.js';
import { Masking } from './compared/masking.js';
import { type Copies, copyDatabase } from './copies/copies.js';
import { type FuzzIsolationOptions, type ResolvedOptions, resolved } from './fuzzed/fuzz-options.js';
import type { FuzzedClient, KnownModels, Random } from './fuzzed/fuzzed-client.js';
import { IsolationFuzzError, misuse } from './fuzzed/isolation-fuzz-error.js';
import { seldom } from './fuzzed/values.js';
import { readKnownRows } from './known-rows.js';
import { FuzzedPrisma } from './prisma/fuzzed-prisma.js';
import { isDataSource } from './typeorm/data-source-like.js';
import { FuzzedTypeorm } from './typeorm/fuzzed-typeorm.js';

/** The result of {@link fuzzIsolation}. */
export interface IsolationFuzzReport {
  /** The seed that was used. */
  readonly seed: number;
  readonly runs: number;
  /** Number of operations by their outcome; they add up to `runs`. */
  readonly verdicts: Readonly<Record<Verdict, number>>;
}

/** Less proves nothing. */
const ANSWERED = 0.25;

/**
 * Does random operations of each tenant over everybody's rows, with references across tenants planted among them, and over a
 * database with the rows of that tenant alone. The client must answer the same, or refuse; the others' rows must stay as
 * they were, and its own must become the same.
 *
 * Needs `pg` and `fast-check`. All it creates are databases beside the one it is given, which it drops in the end.
 *
 * @param open makes the client over a database: a scoped Prisma client, or a scoped TypeORM data source. It is called for each
 * copy, and the client is closed in the end.
 * @throws `isolation_broken` with the smallest operation that shows a tenant is not alone, as code; `fuzz_misuse` when the
 * options, the database or the client allow no proof; `too_few_answers` when almost everything was refused.
 *
 * @example
 * ```ts
 * import { type FuzzedPrismaSchema, fuzzIsolation } from '@tenancy/testing/oracle';
 *
 * // `./generated/tenancy.js`, and `tenantScoped(new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) }), …)`
 * declare const tenancySchema: FuzzedPrismaSchema;
 * declare const openScoped: (url: string) => object;
 *
 * const report = await fuzzIsolation((url) => openScoped(url), {
 *   url: 'postgres://postgres@localhost/app_test',
 *   tenants: [
 *     { id: 't_acme', slug: 'acme' },
 *     { id: 't_globex', slug: 'globex' },
 *   ],
 *   tenantColumn: 'tenant_id',
 *   schema: tenancySchema,
 * });
 * console.log(report.seed, report.verdicts.sameAnswer);
 * ```
 */
export async function fuzzIsolation(
  open: (url: string) => object | Promise<object>,
  options: FuzzIsolationOptions,
): Promise<IsolationFuzzReport> {
  const all = resolved(options);
  if (typeof open !== 'function')
    throw misuse('the first argument is no function. Pass `(url) => …` that makes the client.');
  const [random, pg] = await Promise.all([loadFastCheck(), loadPg()]);
  const copies = await copyDatabase(pg, all);
  const opened: object[] = [];
  try {
    const openOne = async (url: string) => {
      const client = await open(url);
      if (typeof client !== 'object' || client === null) {
        throw misuse('`open` returned no client. Return a Prisma client or a TypeORM data source.');
      }
      opened.push(client);
      if (isDataSource(client) && !client.isInitialized) await client.initialize();
      return client;
    };
    const alone = new Map<string, object>();
    for (const [id, { url }] of copies.alone) alone.set(id, await openOne(url));
    const clients = { together: await openOne(copies.together.url), alone };
    return await fuzz(random, copies, clients, all);
  } finally {
    await Promise.allSettled(opened.map(async (client) => all.close(client)));
    await copies.stop();
  }
}

async function fuzz(
  random: Random,
  copies: Copies,
  clients: Clients,
  { tenants, tenantFields, schema, seed, runs }: ResolvedOptions,
): Promise<IsolationFuzzReport> {
  const fuzzed = fuzzedClient(clients.together, schema, tenantFields);
  const known = await readKnownRows(fuzzed, clients, tenants);
  const values = [...known.values()].flatMap((models) => [...models.values()]);
  const { together, alone, ownership } = copies;
  const masking = new Masking([together.initial, ...[...alone.values()].map(({ initial }) => initial)], values);
  const canaries = new Canaries(together.initial, ownership, tenants);
  const comparison = new Comparison(fuzzed, copies, clients, masking, canaries);
  const verdicts = { sameAnswer: 0, sameError: 0, refusedByScope: 0, refusedByDatabase: 0, bothRefused: 0 };
  const property = random.asyncProperty(randomWork(random, fuzzed, known, tenants), async (work) => {
    verdicts[await comparison.compare(work)] += 1;
  });
  const details = await random.check(property, { seed, numRuns: runs });
  if (details.failed) throw failure(fuzzed, details.counterexample?.[0] ?? null, seed, details.errorInstance);
  await comparison.endsAsItBegan();
  if (verdicts.sameAnswer < runs * ANSWERED) {
    throw new IsolationFuzzError(
      'too_few_answers',
      `fuzzIsolation: only ${verdicts.sameAnswer} of ${runs} operations were answered, which proves nothing: ` +
        `${JSON.stringify(verdicts)}. Give each tenant some rows of each model, or check that the client works at all.`,
    );
  }
  return { seed, runs, verdicts };
}

function fuzzedClient(
  client: object,
  schema: ResolvedOptions['schema'],
  tenantFields: readonly string[],
): FuzzedClient {
  if (isDataSource(client)) return new FuzzedTypeorm(client, tenantFields);
  if (schema === null && !('$transaction' in client)) {
    throw misuse('`open` returned neither a Prisma client nor a TypeORM data source: it has no models.');
  }
  return new FuzzedPrisma(client, schema, tenantFields);
}

function randomWork(
  random: Random,
  fuzzed: FuzzedClient,
  known: ReadonlyMap<string, KnownModels>,
  tenants: readonly Tenant[],
): Arbitrary<Work> {
  return random.oneof(
    ...tenants.map((tenant) => {
      const operation = fuzzed.operations(random, known.get(tenant.id) as KnownModels, tenant, tenants);
      const others = tenants.filter((other) => other !== tenant);
      return random
        .tuple(operation, seldom(random, random.constantFrom(...others)))
        .map(([one, beside]): Work => ({ tenant, operation: one, beside: one.isWrite ? null : (beside ?? null) }));
    }),
  );
}

function failure(fuzzed: FuzzedClient, work: Work | null, seed: number, error: unknown): Error {
  if (!(error instanceof Broken) || !work) return error instanceof Error ? error : new Error(String(error));
  const { tenant, beside, operation } = work;
  const call = (actor: Tenant) => `context.run(${actor.slug}, () => ${fuzzed.print(operation)})`;
  const code = beside ? `await Promise.all([\n  ${call(tenant)},\n  ${call(beside)},\n]);` : `await ${call(tenant)};`;
  const { difference, together, alone } = error;
  return new IsolationFuzzError(
    'isolation_broken',
    `fuzzIsolation (seed ${seed}): ${difference}.\n\n${code}\n\nwith everybody's rows: ${together}\nwith the tenant's alone: ${alone}\n\n` +
      'Nothing of another tenant may decide what a tenant is answered. Scope the client, or what this operation goes past it by.',
    { failed: { seed, code, difference, together, alone }, cause: error },
  );
}

async function loadFastCheck(): Promise<Random> {
  try {
    return await import('fast-check');
  } catch (cause) {
    throw misuse(
      'the package fast-check is not installed. Install it with `npm install --save-dev fast-check`.',
      cause,
    );
  }
}

async function loadPg() {
  try {
    return (await import('pg')).default;
  } catch (cause) {
    throw misuse('the package pg is not installed. Install it with `npm install --save-dev pg`.', cause);
  }
}
