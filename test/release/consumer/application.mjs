// A small Nest application over the packed packages, without a compiler: each runtime starts it, asks it as two tenants at once, and
// says which of the entries it could import.
import { request } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CurrentTenant, fromSubdomain, InMemoryTenantRegistry, TenancyModule, TenantContext } from '@tenancy/core';

class JobsController {
  constructor(context) {
    this.context = context;
  }

  async list(tenant) {
    // The other tenant's requests come meanwhile.
    await setTimeout(5);
    return [tenant.slug, this.context.current().slug];
  }
}
CurrentTenant()(JobsController.prototype, 'list', 0);
Get()(JobsController.prototype, 'list', Object.getOwnPropertyDescriptor(JobsController.prototype, 'list'));
Reflect.defineMetadata('design:paramtypes', [TenantContext], JobsController);
Controller('jobs')(JobsController);

class AppModule {}
Module({
  controllers: [JobsController],
  imports: [
    TenancyModule.forRoot({
      registry: new InMemoryTenantRegistry([
        { id: 't_acme', slug: 'acme' },
        { id: 't_globex', slug: 'globex' },
      ]),
      sources: [fromSubdomain({ baseDomain: 'app.example.com' })],
    }),
  ],
})(AppModule);

const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
await app.listen(0, '127.0.0.1');
const { port } = app.getHttpServer().address();

const ask = (host) =>
  new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path: '/jobs', headers: { host } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => {
        body += text;
      });
      response.once('end', () => resolve(`${response.statusCode} ${body}`));
    })
      .once('error', reject)
      .end();
  });

const problems = [];
const tenants = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? 'acme' : 'globex'));
const answers = await Promise.all(tenants.map((slug) => ask(`${slug}.app.example.com`)));
for (const [index, slug] of tenants.entries()) {
  const expected = `200 ${JSON.stringify([slug, slug])}`;
  if (answers[index] !== expected) problems.push(`${slug} was answered ${answers[index]}`);
}
const nobody = await ask('app.example.com');
if (!/^4\d\d /.test(nobody)) problems.push(`a request without a tenant was answered ${nobody}`);
await app.close();

for (const entry of process.argv.slice(2)) {
  try {
    const names = Object.keys(await import(entry));
    if (names.length === 0) problems.push(`${entry} exports nothing`);
  } catch (error) {
    problems.push(`${entry}: ${String(error.message).split('\n')[0]}`);
  }
}
console.log(JSON.stringify({ problems }));
process.exit(0);
