import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { run } from '../pnpm.ts';

/** The lowest of each that the peer ranges name, of TypeORM 0.3: the other consumers have the newest. `pnpm orm-versions` runs every one. */
const lowest = { typeorm: ['0.3.20'], prisma: ['7.0.0'] };
const { typeorm, prisma }: typeof lowest = process.env['ORM_VERSIONS']
  ? JSON.parse(process.env['ORM_VERSIONS'])
  : lowest;

const acme = `{ id: 't_acme', slug: 'acme' }`;
const globex = `{ id: 't_globex', slug: 'globex' }`;

/** Says what each tenant sees of two jobs, one of its own, and what is said without a tenant. */
const asked = (add: string, list: string, change: string) => `
const seen = {};
for (const tenant of [${acme}, ${globex}]) await context.run(tenant, async () => { await ${add}; });
for (const tenant of [${acme}, ${globex}]) {
  await context.run(tenant, async () => {
    seen[tenant.slug] = (await ${list}).map(({ title, tenantId }) => title + ' of ' + tenantId);
  });
}
await context.run(${acme}, async () => { await ${change}; });
seen.changed = await context.run(${globex}, async () => (await ${list}).map(({ title }) => title));
seen.without = await Promise.resolve().then(async () => await ${list}).catch(({ code }) => code);
console.log(JSON.stringify(seen));
`;

const TYPEORM = `
import 'reflect-metadata';
import { TenantContext } from '@tenancy/core';
import { tenantScoped } from '@tenancy/typeorm';
import { DataSource, EntitySchema } from 'typeorm';

const text = { type: 'text' };
const Job = new EntitySchema({ name: 'Job', columns: { id: { ...text, primary: true }, tenantId: text, title: text } });
const context = new TenantContext();
const source = await tenantScoped(new DataSource({ type: 'sqljs', entities: [Job], synchronize: true }), { context }).initialize();
const jobs = source.getRepository('Job');
${asked(`jobs.insert({ id: tenant.slug, title: tenant.slug })`, `jobs.find()`, `jobs.update({ id: 'globex' }, { title: 'taken' })`)}
await source.destroy();
`;

const PRISMA_SCHEMA = `
generator client {
  provider = "prisma-client-js"
}
generator tenancy {
  provider = "tenancy-prisma"
  output   = "./generated"
}
datasource db {
  provider = "sqlite"
}
model Job {
  id       String @id
  tenantId String
  title    String
}
`;

// `prisma generate` needs no engine, but downloads one unless this names a file that exists.
const PRISMA_CONFIG = `
Object.assign(process.env, { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' });
export default { schema: 'schema.prisma' };
`;

const PRISMA = `
import 'reflect-metadata';
import { createClient } from '@libsql/client';
import { PrismaLibSql } from '@prisma/adapter-libsql';
import client from '@prisma/client';
import { TenantContext } from '@tenancy/core';
import { tenantScoped } from '@tenancy/prisma';

const database = createClient({ url: 'file:jobs.db' });
await database.execute('CREATE TABLE "Job" (id TEXT PRIMARY KEY, "tenantId" TEXT NOT NULL, title TEXT NOT NULL)');
database.close();
const context = new TenantContext();
const raw = new client.PrismaClient({ adapter: new PrismaLibSql({ url: 'file:jobs.db' }) });
const { job } = tenantScoped(raw, { context });
${asked(
  `job.create({ data: { id: tenant.slug, title: tenant.slug } })`,
  `job.findMany()`,
  `job.updateMany({ where: { id: 'globex' }, data: { title: 'taken' } })`,
)}
await raw.$disconnect();
`;

/** As npm does it, which refuses what the peer ranges do not allow. */
async function install(app: string, ...what: readonly string[]): Promise<void> {
  await mkdir(app, { recursive: true });
  await writeFile(join(app, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const nest = ['@nestjs/common@11', '@nestjs/core@11', 'reflect-metadata@0.2', 'rxjs@7'];
  const flags = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  await run(['npm', 'install', ...flags, ...nest, inject('tarballs')['@tenancy/core'] as string, ...what], app);
}

const held = {
  acme: ['acme of t_acme'],
  globex: ['globex of t_globex'],
  changed: ['globex'],
  without: 'tenant_context_missing',
};
const answer = async (app: string) =>
  JSON.parse((await run([process.execPath, 'app.mjs'], app)).trim().split('\n').at(-1) ?? '');

describe.each(typeorm)('an application on TypeORM %s', (version) => {
  const app = join(inject('outside'), `typeorm-${version}`);
  beforeAll(async () => {
    await install(app, inject('tarballs')['@tenancy/typeorm'] as string, `typeorm@${version}`, 'sql.js@1');
    await writeFile(join(app, 'app.mjs'), TYPEORM);
  });

  it('sees its own rows, changes no others, and is refused without a tenant', async () => {
    expect(await answer(app)).toEqual(held);
  });
});

describe.each(prisma)('an application on Prisma %s', (version) => {
  const app = join(inject('outside'), `prisma-${version}`);
  beforeAll(async () => {
    const packages = ['prisma', '@prisma/client', '@prisma/adapter-libsql'].map((name) => `${name}@${version}`);
    await install(app, inject('tarballs')['@tenancy/prisma'] as string, ...packages, '@libsql/client');
    await writeFile(join(app, 'schema.prisma'), PRISMA_SCHEMA);
    await writeFile(join(app, 'prisma.config.ts'), PRISMA_CONFIG);
    await writeFile(join(app, 'app.mjs'), PRISMA);
  });

  it('sees its own rows, changes no others, and is refused without a tenant', async () => {
    expect(await run(['npx', 'prisma', 'generate'], app)).toContain('Generated @tenancy/prisma');
    expect(await answer(app)).toEqual(held);
  });
});
