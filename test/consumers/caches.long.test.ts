import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { run } from '../pnpm.ts';

/** Asks as two tenants in turn, and says what they got; written without decorators, so that Node runs it as it is. */
const application = (importing: string) =>
  `
import 'reflect-metadata';
import { CACHE_MANAGER, CacheInterceptor } from '@nestjs/cache-manager';
import { Controller, Get, Inject, Module, UseInterceptors } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createRequire } from 'node:module';
import { request } from 'node:http';
${importing}
const loaded = createRequire(import.meta.url);

let handled = 0;
class Jobs {
  constructor(cache) { this.cache = cache; }
  list() { return { handled: (handled += 1) }; }
  wrapped() { return this.cache.wrap('a', () => ({ handled: (handled += 1), value: 1 }), 60_000); }
  async cleared() { return { cleared: await this.cache.clear() }; }
}
const route = (name, path) => {
  const property = Object.getOwnPropertyDescriptor(Jobs.prototype, name);
  Get(path)(Jobs.prototype, name, property);
  if (name === 'list') UseInterceptors(CacheInterceptor)(Jobs.prototype, name, property);
};
for (const name of ['list', 'wrapped', 'cleared']) route(name, name);
Controller()(Jobs);
Inject(CACHE_MANAGER)(Jobs, undefined, 0);

class AppModule {}
const tenancy = TenancyModule.forRoot({
  registry: new InMemoryTenantRegistry([{ id: 't_acme', slug: 'acme' }, { id: 't_globex', slug: 'globex' }]),
  sources: [fromSubdomain({ baseDomain: 'localhost' })],
});
const stores = async () => {
  if (process.argv[2] === 'memory') return undefined;
  // As Nest's own 3.0 needs it, which knows the class of CommonJS alone.
  const { Keyv } = loaded(process.argv[2]);
  return [new Keyv(), new Keyv()];
};
Module({ imports: [tenancy, TenantCacheModule.register({ stores: await stores() })], controllers: [Jobs] })(AppModule);
const app = await NestFactory.create(AppModule, { logger: ['error'] });
await app.listen(0, '127.0.0.1');
const { port } = app.getHttpServer().address();
const ask = (slug, path) => new Promise((resolve, reject) => {
  request({ host: '127.0.0.1', port, path, headers: { host: slug + '.localhost' } }, (response) => {
    let text = '';
    response.on('data', (chunk) => (text += chunk)).on('end', () => resolve(text));
  }).on('error', reject).end();
});
const said = [];
for (const path of ['/list', '/wrapped', '/cleared', '/list']) {
  for (const slug of path === '/cleared' ? ['acme'] : ['acme', 'globex', 'acme', 'globex']) said.push(await ask(slug, path));
}
console.log(said.join(' '));
await app.close();
`;
const names = 'fromSubdomain, InMemoryTenantRegistry, TenancyModule';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const tooOld = major < 22 || (major === 22 && minor < 19) ? ': needs Node 22.19' : '';

describe.each([
  { nest: '11.1.4', caches: '3.0.1' },
  { nest: '11.2.10', caches: '3.1.3' },
  { nest: '12.5.1', caches: '12.0.0' },
])('caches with @nestjs/cache-manager $caches on Nest $nest', ({ nest, caches }) => {
  const app = join(inject('outside'), `caches-${caches}`);
  beforeAll(async () => {
    await mkdir(app, { recursive: true });
    const nests = ['common', 'core', 'platform-express'].map((name) => `@nestjs/${name}@${nest}`);
    const others = [
      `@nestjs/cache-manager@${caches}`,
      'cache-manager@7',
      'keyv@5',
      'keyv-6@npm:keyv@6',
      'reflect-metadata@0.2',
      'rxjs@7',
    ];
    await writeFile(join(app, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
    const flags = ['--legacy-peer-deps', '--ignore-scripts', '--prefer-offline', '--no-audit'];
    await run(['npm', 'install', ...flags, ...nests, ...others, inject('tarballs')['@tenancy/core'] as string], app);
    const from = (room: string) => `createRequire(import.meta.url)('./node_modules/@tenancy/core/dist/${room}.cjs')`;
    await writeFile(
      join(app, 'esm.js'),
      application(
        `import { ${names} } from '@tenancy/core';\nimport { TenantCacheModule } from '@tenancy/core/cache';`,
      ),
    );
    await writeFile(
      join(app, 'cjs.js'),
      application(`const { ${names} } = ${from('index')};\nconst { TenantCacheModule } = ${from('cache')};`),
    );
  });

  const tenantsOwn = [
    '{"handled":1} {"handled":2} {"handled":1} {"handled":2}',
    '{"handled":3,"value":1} {"handled":4,"value":1} {"handled":3,"value":1} {"handled":4,"value":1}',
    '{"cleared":true}',
    '{"handled":5} {"handled":2} {"handled":5} {"handled":2}',
  ].join(' ');

  it.each([
    ['esm', 'memory'],
    ['cjs', 'memory'],
    ['esm', 'keyv'],
    ['cjs', 'keyv'],
  ])("are each tenant's own (%s, %s)", async (format, stores) => {
    expect((await run([process.execPath, `${format}.js`, stores], app)).trim()).toBe(tenantsOwn);
  });

  it.skipIf(tooOld || caches === '3.0.1')(`are each tenant's own in stores of Keyv 6${tooOld}`, async () => {
    expect((await run([process.execPath, 'esm.js', 'keyv-6'], app)).trim()).toBe(tenantsOwn);
  });
});
