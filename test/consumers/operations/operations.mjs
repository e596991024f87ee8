// An application of whichever Nest is installed beside this file, written without decorators so that Node runs it as it is:
// `node operations.mjs <esm|cjs>`. Limits, files, calls of another service and lines of the log. Says `held` at its end.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [, , format] = process.argv;
const require = createRequire(import.meta.url);
const load = async (name) => (format === 'cjs' ? require(name) : await import(name));

await load('reflect-metadata');
const { Controller, Get, Logger, Module, Param } = await load('@nestjs/common');
const { APP_GUARD, NestFactory } = await load('@nestjs/core');
const { HttpModule, HttpService } = await load('@nestjs/axios');
const { ThrottlerModule } = await load('@nestjs/throttler');
const { fromSubdomain, InMemoryTenantRegistry, TenancyModule } = await load('@tenancy/core');
const { TENANT_FETCH, TenantHttpModule } = await load('@tenancy/core/http');
const { TenantLogger } = await load('@tenancy/core/logging');
const { diskStore, TenantStorage, TenantStorageModule } = await load('@tenancy/core/storage');
const { TenantThrottlerGuard } = await load('@tenancy/core/throttler');
const { lastValueFrom } = await load('rxjs');

const secret = 's'.repeat(32);
const service = createServer((request, response) => {
  const signed = String(request.headers['x-signed-tenant'] ?? '');
  response.end(JSON.stringify({ told: Buffer.from(signed.split('.')[1] ?? '', 'base64url').toString() || signed }));
});
await new Promise((resolve) => service.listen(0, '127.0.0.1', resolve));
const other = `http://127.0.0.1:${service.address().port}`;
const root = await mkdtemp(join(tmpdir(), 'tenancy-files-'));

const lines = [];
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = (chunk, ...rest) => {
  const text = String(chunk);
  if (text.startsWith('{'))
    lines.push(
      ...text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    );
  return text.startsWith('{') ? true : write(chunk, ...rest);
};

const logger = new Logger('Jobs');
class JobsController {
  constructor(files, fetch, http) {
    Object.assign(this, { files, fetch, http });
  }
  async keep(name) {
    await this.files.put('note.txt', name);
    await new Promise((resolve) => setTimeout(resolve, 5));
    logger.log(`kept ${name}`);
    const byFetch = await (await this.fetch(`${other}/a`)).text();
    const { data } = await lastValueFrom(this.http.get(`${other}/b`, { responseType: 'text' }));
    return { note: await this.files.text('note.txt'), byFetch, byAxios: JSON.stringify(data) };
  }
}
const { Inject } = await load('@nestjs/common');
for (const [i, token] of [TenantStorage, TENANT_FETCH, HttpService].entries())
  Inject(token)(JobsController, undefined, i);
Param('name')(JobsController.prototype, 'keep', 0);
Get(':name')(JobsController.prototype, 'keep', Object.getOwnPropertyDescriptor(JobsController.prototype, 'keep'));
Controller('jobs')(JobsController);

class AppModule {}
Module({
  imports: [
    TenancyModule.forRoot({
      registry: new InMemoryTenantRegistry([
        { id: 't_acme', slug: 'acme' },
        { id: 't_globex', slug: 'globex' },
        { id: 't_busy', slug: 'busy' },
      ]),
      sources: [fromSubdomain({ baseDomain: 'localhost' })],
    }),
    ThrottlerModule.forRoot([{ limit: 25, ttl: 60_000 }]),
    TenantStorageModule.forRoot({ store: diskStore({ root }) }),
    HttpModule,
    TenantHttpModule.forRoot({ hosts: [other], secret }),
  ],
  controllers: [JobsController],
  providers: [{ provide: APP_GUARD, useClass: TenantThrottlerGuard }],
})(AppModule);

const app = await NestFactory.create(AppModule, { logger: new TenantLogger({ json: true }), abortOnError: false });
await app.listen(0, '127.0.0.1');
const { port } = app.getHttpServer().address();
const http = await import('node:http');
const get = (slug, path) =>
  new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port, path, headers: { host: `${slug}.localhost` } }, (response) => {
      let text = '';
      response.on('data', (part) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode, text }));
    });
    request.on('error', reject);
  });

// One tenant's burst is its own affair, from the same address.
const busy = await Promise.all(Array.from({ length: 30 }, () => get('busy', '/jobs/x')));
assert.equal(busy.filter(({ status }) => status === 429).length, 5);

const both = await Promise.all(
  Array.from({ length: 20 }, (_, n) => (n % 2 ? 'acme' : 'globex')).map(async (slug) => [
    slug,
    await get(slug, `/jobs/${slug}`),
  ]),
);
for (const [slug, { status, text }] of both) {
  assert.equal(status, 200, text);
  const { note, byFetch, byAxios } = JSON.parse(text);
  assert.equal(note, slug);
  for (const told of [byFetch, byAxios]) assert.ok(told.includes(`t_${slug}`), told);
}
const own = lines.filter(({ message }) => /^kept (acme|globex)$/.test(message));
assert.equal(own.length, 20);
for (const { message, tenantId } of own) assert.equal(tenantId, `t_${message.slice(5)}`);
await app.close();
service.close();
await rm(root, { recursive: true });
process.stdout.write = write;
console.log('held');
