import { Module } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createIsolationHarness,
  HarnessMisuseError,
  type IsolationHarness,
  type IsolationHarnessOptions,
} from '../../src/index.js';
import { AppModule, acme, globex } from './application.js';

@Module({})
class Untenanted {}

let harness: IsolationHarness | undefined;
afterEach(async () => {
  await harness?.close();
  harness = undefined;
});

let number = 90_817;
const seed: IsolationHarnessOptions['seed'] = (_, { canary }) => ({ job: { id: number++, title: canary('title') } });

async function start(options: Partial<IsolationHarnessOptions> = {}, module = AppModule as new () => object) {
  harness = await createIsolationHarness(module, { tenants: { acme, globex }, seed, ...options });
  return harness;
}

const tenants = (...list: object[]) =>
  ({ tenants: Object.fromEntries(list.map((tenant, n) => [`t${n}`, tenant])) }) as never;
const answering = (rows: unknown) => ({ seed: () => rows }) as Partial<IsolationHarnessOptions>;

describe('a misuse of the harness is an error that says what to do, never a green test', () => {
  it.each<[string, Partial<IsolationHarnessOptions>, string]>([
    [
      'no seed',
      { seed: undefined as never },
      'createIsolationHarness: there is no `seed`, so no tenant has rows that another could see. ' +
        'Pass `seed: async (tenant, { canary, client }) => ({ job: … })`.',
    ],
    [
      'no tenants',
      { tenants: undefined as never },
      'there are no tenants, and isolation is between two. Pass `tenants:',
    ],
    ['one tenant', tenants(acme), 'there is one tenant, and isolation is between two.'],
    ['a tenant without an id', tenants(acme, { slug: 'globex' }), 'the tenant t1 has no `id`.'],
    ['a tenant without a slug', tenants(acme, { id: 't_globex' }), 'the tenant t1 has no `slug`.'],
    [
      'the same id twice',
      tenants(acme, { id: 't_acme', slug: 'b' }),
      'the tenants t0 and t1 have the same `id`: they are one',
    ],
    ['the same slug twice', tenants(acme, { id: 't_b', slug: 'ACME' }), 'the tenants t0 and t1 have the same `slug`'],
    ['a suspended tenant', tenants(acme, { ...globex, status: 'suspended' }), 'the tenant t1 is suspended'],
    [
      'a tenant that the registry has suspended',
      tenants(acme, { id: 't_closed', slug: 'closed' }),
      "the tenant closed is suspended in the application's registry",
    ],
    [
      'a tenant that the registry does not know',
      tenants(acme, { id: 't_initech', slug: 'initech' }),
      'the application\'s registry does not know the tenant {"id":"t_initech","slug":"initech"}: by its id it finds nobody, ' +
        'by its slug nobody. Pass tenants as the registry has them, or create them in `prepare`.',
    ],
    [
      "a tenant with another's slug",
      tenants(acme, { id: 't_initech', slug: 'globex' }),
      'by its id it finds nobody, by its slug {"id":"t_globex","slug":"globex"}',
    ],
    ['a seed that answers nothing', answering(undefined), '`seed` answered nothing for acme. Answer with the rows'],
    ['a seed that answers no resource', answering({}), '`seed` answered nothing for acme.'],
    ['a seed that answers no rows', answering({ job: [] }), '`seed` answered no job for acme. Plant at least one.'],
    ['a seed that answers no row', answering({ job: null }), '`seed` answered a job of acme without its row.'],
    [
      'a seed whose request has failed',
      answering({ job: [{ id: undefined }] }),
      '`seed` answered a job of acme without its id. Was it created? Look at the status',
    ],
    [
      'a seed that answers the same for both tenants',
      answering({ job: { id: 90_817, title: 'Reactor technician' } }),
      '`seed` answered the same rows for globex as for acme. Plant rows of its own each time',
    ],
    [
      'a seed that plants nothing to be recognised',
      { seed: ({ slug }) => ({ job: { id: slug === 'acme' ? 1 : 2, status: 'open', isPublic: true } }) },
      '`seed` planted nothing for acme that would be recognised',
    ],
    [
      'a seed that plants for the second what the first has too',
      { seed: ({ slug }) => ({ job: { id: slug === 'acme' ? 1 : 2, title: 'Reactor technician' } }) },
      '`seed` planted nothing for globex that would be recognised',
    ],
    ['a sign-in without a token', { signIn: () => undefined as never }, '`signIn` answered no token for acme.'],
    ['a sign-in with an empty token', { signIn: () => '' }, '`signIn` answered no token for acme.'],
    ['a sign-in without headers', { signIn: () => ({ headers: {} }) }, '`signIn` answered no token for acme.'],
    [
      'a sign-in whose answer had no cookie',
      { signIn: () => ({ headers: { cookie: undefined as never } }) },
      '`signIn` answered no token for acme.',
    ],
    [
      'one host, and one token for both',
      { host: () => 'localhost', signIn: () => 'token' },
      'globex has the same host and the same headers as acme: they cannot be told apart.',
    ],
  ])('%s', async (_, options, message) => {
    const error = await start(options).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(HarnessMisuseError);
    expect((error as Error).message).toContain(message);
  });

  it('an application without TenancyModule', async () => {
    await expect(start({}, Untenanted)).rejects.toThrow(
      'createIsolationHarness: the application does not import TenancyModule, so it has no tenants to keep apart. ' +
        'Pass the module that `main.ts` starts, with `TenancyModule.forRoot(…)` among its imports.',
    );
  });

  it('a round that plants nothing new', async () => {
    const { plant, tenants: list } = await start({
      seed: ({ slug }) => ({ job: { id: slug === 'acme' ? 90_817 : 70_613 } }),
    }).then((started) => ({ plant: started.plant.bind(started), tenants: started.tenants }));
    await expect(plant(list[0] as never)).rejects.toThrow(
      '`seed` answered the same rows for acme in round 2 as before.',
    );
  });

  it("a tenant of somebody else's", async () => {
    const { as } = await start().then((started) => ({ as: started.as.bind(started) }));
    expect(() => as({ id: 't_initech', slug: 'initech' })).toThrow(
      'initech is not a tenant of this harness. It has acme, globex.',
    );
    expect(() => as(undefined as never)).toThrow('undefined is not a tenant of this harness.');
  });

  it('a closed harness', async () => {
    const closed = await start();
    const client = closed.as(acme);
    await closed.close();
    const message = 'it is closed, and its application with it.';
    for (const use of [
      () => closed.as(acme),
      () => closed.client({ host: null }),
      () => closed.planted(acme),
      () => closed.server,
    ]) {
      expect(use).toThrow(message);
    }
    await expect(client.get('/jobs')).rejects.toThrow(message);
    await expect(closed.plant(acme)).rejects.toThrow(message);
    await expect(closed.clean()).rejects.toThrow(message);
    await expect(closed.identityOf(acme)).rejects.toThrow(message);
  });

  it('a path that is none', async () => {
    const client = (await start()).as(acme);
    await expect(client.get('jobs')).rejects.toThrow(
      'A request needs a path that begins with "/", and this one has "jobs".',
    );
  });

  it('leaves no application running behind an error', async () => {
    let url = '';
    const failing = start({
      prepare: async (app) => {
        url = await app.getUrl();
        throw new Error('no database');
      },
    });
    await expect(failing).rejects.toThrow('no database');
    await expect(fetch(url)).rejects.toThrow();
  });
});
