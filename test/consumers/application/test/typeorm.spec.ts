import 'reflect-metadata';
import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import { TenancyModule } from '@tenancy/core';
import { AdminDataSource } from '@tenancy/typeorm/admin';
import { DataSource } from 'typeorm';
import { Candidate, Note, Skill } from '../src/candidates.js';
import { CandidatesModule, dataSources } from '../src/candidates.module.js';
import { Companies, optionsOf } from '../src/companies.js';
import { afterAll, beforeAll, describe, expect, it } from './runner.js';
import { type Sent, send } from './send.js';

const slugs = ['acme', 'globex'] as const;
const namesOf = (slug: string) => [1, 2, 3].map((n) => `${slug}'s candidate ${n}`);
const rowsOf = (slug: string) => namesOf(slug).map((name) => ({ tenantId: `t_${slug}`, name, notes: [`on ${name}`] }));

describe.each(Object.keys(dataSources) as (keyof typeof dataSources)[])('with the data source of %s', (of) => {
  let app: INestApplication;
  let ask: (sent: Sent) => ReturnType<typeof send>;
  const ids: Record<string, number> = {};

  beforeAll(async () => {
    @Module({ imports: [TenancyModule.forRoot(optionsOf(new Companies())), dataSources[of](), CandidatesModule] })
    class AppModule {}
    app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address();
    ask = (sent) => send(port, sent);
    // In turn, so that the rows of both lie among each other.
    for (const n of [0, 1, 2]) {
      for (const slug of slugs) {
        const name = namesOf(slug)[n];
        const { status, body } = await ask({
          method: 'POST',
          path: '/candidates',
          slug,
          body: { name, note: `on ${name}` },
        });
        expect(status).toBe(201);
        ids[slug] = (body as { id: number }).id;
      }
    }
  });
  afterAll(() => app.close());

  it('reads own rows and their relations, and no others, in turn with the other tenant', async () => {
    await Promise.all(
      [...slugs, ...slugs, ...slugs].map(async (slug) => {
        expect(await ask({ path: '/candidates', slug })).toEqual({ status: 200, body: rowsOf(slug) });
      }),
    );
  });

  it('finds a row of the other tenant neither to read nor to write', async () => {
    const path = `/candidates/${ids.globex}`;
    const rename = { method: 'POST', path: `${path}/rename`, body: { name: 'taken' } } as const;
    expect(await ask({ path, slug: 'globex' })).toEqual({ status: 200, body: { name: namesOf('globex')[2] } });
    expect(await ask({ path, slug: 'acme' })).toEqual({ status: 200, body: { name: null } });
    expect(await ask({ ...rename, slug: 'acme' })).toEqual({ status: 201, body: { renamed: 0 } });
    expect(await ask({ ...rename, slug: 'globex', body: { name: namesOf('globex')[2] } })).toEqual({
      status: 201,
      body: { renamed: 1 },
    });
    expect(await ask({ path: '/candidates', slug: 'globex' })).toEqual({ status: 200, body: rowsOf('globex') });
  });

  it('refuses a reference to a row of the other tenant, and raw SQL', async () => {
    const note = { method: 'POST', path: `/candidates/${ids.globex}/notes`, body: { text: 'a note' } } as const;
    expect(await ask({ ...note, slug: 'acme' })).toEqual({ status: 409, body: { refused: 'tenant_row_unavailable' } });
    for (const slug of slugs) {
      expect(await ask({ path: '/candidates/raw', slug })).toEqual({ status: 409, body: { refused: 'scope_refused' } });
      expect(await ask({ path: '/candidates', slug })).toEqual({ status: 200, body: rowsOf(slug) });
    }
  });

  it('shows what is shared to every tenant', async () => {
    const skill = { method: 'POST', path: '/candidates/skills', body: { name: 'welding' } } as const;
    expect(await ask({ ...skill, slug: 'acme' })).toEqual({ status: 201, body: { name: 'welding' } });
    for (const slug of slugs) {
      expect(await ask({ path: '/candidates/skills', slug })).toEqual({ status: 200, body: { names: ['welding'] } });
    }
  });

  it('throws outside of a tenant', async () => {
    const source = app.get<DataSource>(getDataSourceToken());
    await expect(source.getRepository(Candidate).find()).rejects.toMatchObject({ code: 'tenant_context_missing' });
  });
});

it("gives the admin one tenant's rows, or everybody's with a reason", async () => {
  const own = new DataSource({ type: 'sqljs', entities: [Candidate, Note, Skill], synchronize: true });
  const events: string[] = [];
  const admin = new AdminDataSource(await own.initialize(), {
    shared: [Skill],
    audit: ({ action }) => void events.push(action),
  });
  for (const slug of slugs) {
    await admin.forTenant(`t_${slug}`, (source) => source.getRepository(Candidate).save({ name: slug }));
  }
  for (const slug of slugs) {
    const rows = await admin.forTenant(`t_${slug}`, (source) => source.getRepository(Candidate).find());
    expect(rows.map(({ name }) => name)).toEqual([slug]);
  }
  expect(await admin.acrossTenants({ reason: 'a consumer test' }, (raw) => raw.getRepository(Candidate).count())).toBe(
    2,
  );
  await expect(own.getRepository(Candidate).find()).rejects.toMatchObject({ code: 'scope_refused' });
  expect(events).toEqual([...slugs, ...slugs].map(() => 'for_tenant').concat('across_tenants'));
  await own.destroy();
});
