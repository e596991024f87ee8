import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { TenantDirectory } from '../../src/tenants.js';

/** Records of DNS, by their name. */
const zone = new Map<string, readonly (readonly string[])[]>();
const resolveTxt = async (name: string) => {
  const records = zone.get(name);
  if (records === undefined) throw Object.assign(new Error(`queryTxt ENOTFOUND ${name}`), { code: 'ENOTFOUND' });
  return records;
};

describe("a tenant's own domain", () => {
  let database: Awaited<ReturnType<typeof createDatabase>>;
  let directory: TenantDirectory;
  let slugs = 0;
  beforeAll(async () => {
    database = await createDatabase(inject('postgresUrl'));
    directory = new TenantDirectory({ connection: database.url, resolveTxt });
    await directory.install();
  });
  afterAll(async () => {
    await directory.close();
    await database.stop();
  });
  beforeEach(() => zone.clear());

  const tenant = async () => {
    slugs += 1;
    return (await directory.create({ slug: `t${slugs}` })).id;
  };
  const write = (...claims: readonly { record: { name: string; value: string } }[]) => {
    const [{ record }] = claims as readonly [(typeof claims)[number]];
    zone.set(
      record.name,
      claims.map(({ record: { value } }) => [value.slice(0, 20), value.slice(20)]),
    );
  };
  const past = async (id: string) => (await directory.show(id)).events.map(({ kind }) => kind).toReversed();

  it('leads nowhere before DNS says whose it is', async () => {
    const acme = await tenant();
    const claimed = await directory.claimDomain(acme, 'Careers.Bücher.example.');
    expect(claimed).toEqual({
      domain: 'careers.xn--bcher-kva.example',
      verifiedAt: null,
      record: {
        type: 'TXT',
        name: '_tenancy.careers.xn--bcher-kva.example',
        value: expect.stringMatching(/^tenancy-domain=[0-9a-f]{40}$/),
      },
    });
    const { domain } = claimed;
    expect(await directory.claimDomain(acme, domain)).toEqual(claimed);
    expect(await directory.findByDomain(domain)).toBeNull();
    await expect(directory.verifyDomain(acme, domain)).rejects.toThrow(
      /domain_unproven.*TXT record _tenancy\.careers/s,
    );
    zone.set(claimed.record.name, [['v=spf1 -all'], [claimed.record.value.slice(0, -1)]]);
    await expect(directory.verifyDomain(acme, domain)).rejects.toThrow(/domain_unproven/);
    expect(await directory.findByDomain(domain)).toBeNull();

    write(claimed);
    expect(await directory.verifyDomain(acme, domain)).toMatchObject({ domain, verifiedAt: expect.any(String) });
    expect(await directory.findByDomain(domain)).toMatchObject({ id: acme });
    await directory.verifyDomain(acme, domain);
    expect(await past(acme)).toEqual(['created', 'domain-verified']);

    await directory.removeDomain(acme, domain);
    await directory.removeDomain(acme, domain);
    expect(await directory.findByDomain(domain)).toBeNull();
    expect(await past(acme)).toEqual(['created', 'domain-verified', 'domain-removed']);
    expect((await directory.claimDomain(acme, domain)).record.value).not.toBe(claimed.record.value);
  });

  it("is not taken by another tenant's record, nor by one that only claims it", async () => {
    const [acme, globex] = [await tenant(), await tenant()];
    const own = await directory.claimDomain(acme, 'jobs.acme.example');
    const foreign = await directory.claimDomain(globex, 'jobs.acme.example');
    expect(foreign.record.value).not.toBe(own.record.value);
    write(own);
    await expect(directory.verifyDomain(globex, own.domain)).rejects.toThrow(/domain_unproven/);
    await expect(directory.verifyDomain(await tenant(), own.domain)).rejects.toThrow(/domain_unproven.*not claimed/s);
    await directory.verifyDomain(acme, own.domain);
    await expect(directory.verifyDomain(globex, own.domain)).rejects.toThrow(/domain_unproven/);
    write(own, foreign);
    await expect(directory.verifyDomain(globex, own.domain)).rejects.toThrow(/tenant_exists/);
    expect(await directory.findByDomain(own.domain)).toMatchObject({ id: acme });
    await directory.removeDomain(globex, own.domain);
    expect(await directory.findByDomain(own.domain)).toMatchObject({ id: acme });
  });

  it('goes over to whom DNS proves it for now, and both are told', async () => {
    const [acme, globex] = [await tenant(), await tenant()];
    const before = await directory.claimDomain(acme, 'sold.example.com');
    write(before);
    await directory.verifyDomain(acme, before.domain);
    const after = await directory.claimDomain(globex, before.domain);
    write(after);
    await directory.verifyDomain(globex, before.domain);
    expect(await directory.findByDomain(before.domain)).toMatchObject({ id: globex });
    expect(await past(acme)).toEqual(['created', 'domain-verified', 'domain-removed']);
    expect(await past(globex)).toEqual(['created', 'domain-verified']);
    await expect(directory.verifyDomain(acme, before.domain)).rejects.toThrow(/domain_unproven/);
  });

  it("is one tenant's at every moment while several prove it at once", async () => {
    const tenants = await Promise.all(Array.from({ length: 6 }, tenant));
    const claims = await Promise.all(tenants.map((id) => directory.claimDomain(id, 'busy.example.com')));
    for (let round = 0; round < 10; round += 1) {
      write(claims[round % claims.length] as (typeof claims)[number]);
      const tried = await Promise.allSettled(tenants.map((id) => directory.verifyDomain(id, 'busy.example.com')));
      const errors = tried.flatMap((one) => (one.status === 'rejected' ? [(one.reason as Error).message] : []));
      for (const error of errors) expect(error).toMatch(/domain_unproven/);
      expect(await directory.findByDomain('busy.example.com')).toMatchObject({ id: tenants[round % tenants.length] });
    }
  });

  it('is refused where no host can be so, where DNS does not answer, and to a tenant that is being deleted', async () => {
    const id = await tenant();
    for (const domain of [
      '',
      'localhost',
      '10.0.0.1',
      '[::1]',
      'a b.example',
      '*.example.com',
      '-a.example',
      'a-.example',
      '_a.example',
      'https://a.example',
      'a.example:80',
      5,
      null,
    ]) {
      await expect(directory.claimDomain(id, domain as string)).rejects.toThrow(/tenant_name_unusable/);
    }
    await expect(directory.claimDomain(id, `${'a.'.repeat(122)}aa`)).rejects.toThrow(/tenant_name_unusable/);
    await expect(directory.claimDomain('t_nobody', 'a.example.com')).rejects.toThrow(/tenant_unknown/);
    const failing = new TenantDirectory({
      connection: database.url,
      resolveTxt: async () => {
        throw Object.assign(new Error('queryTxt ESERVFAIL'), { code: 'ESERVFAIL' });
      },
    });
    await directory.claimDomain(id, 'a.example.com');
    await expect(failing.verifyDomain(id, 'a.example.com')).rejects.toThrow(/domain_unproven.*did not answer/s);
    await failing.close();
    const outside = new pg.Client({ connectionString: database.url });
    await outside.connect();
    await outside.query(`update tenancy.tenant set status = 'deleting' where id = '${id}'`);
    await outside.end();
    await expect(directory.claimDomain(id, 'b.example.com')).rejects.toThrow(/tenant_state_refused/);
    await expect(directory.verifyDomain(id, 'a.example.com')).rejects.toThrow(/tenant_state_refused/);
  });
});

describe('update', () => {
  let database: Awaited<ReturnType<typeof createDatabase>>;
  let directory: TenantDirectory<{ seats: number }>;
  beforeAll(async () => {
    database = await createDatabase(inject('postgresUrl'));
    directory = new TenantDirectory({
      connection: database.url,
      plans: ['free', 'pro'],
      settings: {
        '~standard': {
          validate: (value) => {
            const { seats } = value as { seats?: unknown };
            return typeof seats === 'number' ? { value: { seats } } : { issues: [{ message: 'seats is no number' }] };
          },
        },
      },
    });
    await directory.install();
  });
  afterAll(async () => {
    await directory.close();
    await database.stop();
  });

  it('gives a tenant another name, plan and settings, and tells which', async () => {
    const { id } = await directory.create({ slug: 'acme', settings: { seats: 1 } });
    const { id: other } = await directory.create({ slug: 'globex', settings: { seats: 1 } });
    expect(await directory.update(id, { plan: 'pro', name: 'Acme Inc.' })).toMatchObject({
      plan: 'pro',
      name: 'Acme Inc.',
    });
    expect(await directory.update(id, {})).toMatchObject({ plan: 'pro', settings: { seats: 1 } });
    await Promise.all(
      Array.from({ length: 10 }, () =>
        directory.update(id, ({ settings }) => ({ settings: { seats: settings.seats + 1 } })),
      ),
    );
    expect(await directory.update(id, { plan: null })).toMatchObject({ plan: null, settings: { seats: 11 } });
    expect(await directory.get(other)).toMatchObject({ name: 'globex', plan: null, settings: { seats: 1 } });
    const { events } = await directory.show(id);
    expect(events.at(-2)).toMatchObject({ kind: 'changed', data: { fields: ['name', 'plan'] } });
    expect(events).toHaveLength(13);
  });

  it('refuses what is none, and changes nothing then', async () => {
    const { id } = await directory.create({ slug: 'initech', settings: { seats: 1 } });
    const wrong: readonly [unknown, RegExp][] = [
      [{ plan: 'gold' }, /tenant_settings_refused.*free, pro/s],
      [{ settings: { seats: 'x' }, name: 'x' }, /tenant_settings_refused.*seats is no number/s],
      [{ naem: 'x' }, /floor_misconfigured.*`name`/s],
      [{ name: 5 }, /tenant_settings_refused.*name/s],
      [null, /floor_misconfigured/],
      [() => undefined, /floor_misconfigured/],
    ];
    for (const [changes, message] of wrong)
      await expect(directory.update(id, changes as object)).rejects.toThrow(message);
    await expect(directory.update('t_nobody', { name: 'x' })).rejects.toThrow(/tenant_unknown/);
    expect(await directory.get(id)).toMatchObject({ name: 'initech', settings: { seats: 1 } });
  });
});
