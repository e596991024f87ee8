import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const packageRoot = join(import.meta.dirname, '..');
const run = promisify(execFile);

/** The built package in a folder of its own, where only `peers` are installed. */
async function installedWith(...peers: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tenancy-core-'));
  const at = join(folder, 'node_modules/@tenancy/core');
  await mkdir(at, { recursive: true });
  await cp(join(packageRoot, 'dist'), join(at, 'dist'), { recursive: true });
  await cp(join(packageRoot, 'package.json'), join(at, 'package.json'));
  for (const peer of peers) {
    const place = join(folder, 'node_modules', peer);
    await mkdir(dirname(place), { recursive: true });
    await symlink(await realpath(join(packageRoot, 'node_modules', peer)), place);
  }
  return folder;
}

async function output(folder: string, file: string, code: string): Promise<string> {
  await writeFile(join(folder, file), code);
  const { stdout } = await run(process.execPath, [file], {
    cwd: folder,
    // pnpm's own scripts point it to everything that is installed.
    env: { ...process.env, NODE_PATH: '' },
  });
  return stdout.trim();
}

const fileOf = (name: string) =>
  `./node_modules/@tenancy/core/dist/${name === '@tenancy/core' ? 'index' : name.split('/').at(-1)}.cjs`;

const forms = [
  ['ESM', 'a.mjs', (names: string, from: string) => `import { ${names} } from '${from}';\n`],
  // By its file: Node itself prefers the ESM copy, and Jest takes this one.
  ['CommonJS', 'a.cjs', (names: string, from: string) => `const { ${names} } = require('${fileOf(from)}');\n`],
] as const;

describe.each(forms)('core-14: from %s', (_, file, importing) => {
  let bare: string;
  let withoutJwt: string;
  beforeAll(async () => {
    bare = await installedWith();
    withoutJwt = await installedWith('@nestjs/common', '@nestjs/core', 'reflect-metadata', 'rxjs');
  });
  afterAll(() => Promise.all([bare, withoutJwt].map((folder) => rm(folder, { recursive: true }))));

  it('@tenancy/core/signed-header signs where Nest is not installed, and refuses a short secret', async () => {
    const signed = await output(
      bare,
      file,
      `${importing('signTenantHeader', '@tenancy/core/signed-header')}
      console.log(signTenantHeader('t_acme', { secret: 'x'.repeat(32) }));
      try { signTenantHeader('t_acme', { secret: 'short' }); } catch (error) { console.log(error.code, error.message); }`,
    );
    expect(signed).toMatch(/^v1\.dF9hY21l\.\d+\.[\w-]{43}\ntenancy_misconfigured tenancy_misconfigured: .+5 bytes/);
  });

  it('@tenancy/core works without @nestjs/jwt, and says so to who needs it', async () => {
    const said = await output(
      withoutJwt,
      file,
      `${file.endsWith('.mjs') ? "import 'reflect-metadata';\n" : "require('reflect-metadata');\n"}${importing('fromJwt, fromSubdomain', '@tenancy/core')}
      console.log(fromSubdomain({ baseDomain: 'localhost' }).name, fromJwt({ verifier: () => ({}) }).name);
      try { fromJwt({ secret: 'x'.repeat(32) }); } catch (error) { console.log(error.message); }`,
    );
    expect(said).toMatch(
      /^subdomain jwt\ntenancy_misconfigured: fromJwt: checks tokens with @nestjs\/jwt, which is not installed\. Install it/,
    );
  });

  it('@tenancy/core/logging, /http and /storage on a disk work without loggers, clients and SDKs', async () => {
    const said = await output(
      withoutJwt,
      file,
      `${importing('TenantContext', '@tenancy/core')}${importing('tenantPino, tenantLabels, TenantSpanProcessor', '@tenancy/core/logging')}
      ${importing('tenantFetch', '@tenancy/core/http')}${importing('diskStore, TenantStorage', '@tenancy/core/storage')}
      const told = [];
      const options = { hosts: ['https://billing.internal'], secret: 'x'.repeat(32) };
      const send = async (url, { headers }) => { told.push(headers.get('x-signed-tenant')); return new Response(''); };
      const files = new TenantStorage(diskStore({ root: './files' }));
      new TenantContext().run({ id: 't_acme', slug: 'acme' }, async () => {
        new TenantSpanProcessor().onStart({ setAttribute: (name, id) => console.log(name, id) });
        console.log(tenantPino().mixin({}, 30, {}).tenantId, tenantLabels()()['tenant.id']);
        await tenantFetch({ ...options, fetch: send })('https://billing.internal/');
        await files.put('a', 'kept');
        console.log(told[0].slice(0, 13), await files.text('a'));
      });`,
    );
    expect(said.split('\n')).toEqual([
      'tenant.id t_acme',
      't_acme t_acme',
      expect.stringMatching(/^v1\.dF9hY21l\.?\S* kept$/),
    ]);
  });

  it.each([
    ['put', '@aws-sdk/client-s3', "files.put('a', 'x')", []],
    ['signedUrl', '@aws-sdk/s3-request-presigner', "files.signedUrl('a')", ['@aws-sdk/client-s3']],
  ])('%s of s3Store says that %s is missing', async (_, missing, call, installed) => {
    const folder = await installedWith('@nestjs/common', '@nestjs/core', 'reflect-metadata', 'rxjs', ...installed);
    const said = await output(
      folder,
      file,
      `${importing('TenantContext', '@tenancy/core')}${importing('s3Store, TenantStorage', '@tenancy/core/storage')}
      const files = new TenantStorage(s3Store({ client: { send() {} }, bucket: 'files' }));
      new TenantContext().run({ id: 't_acme', slug: 'acme' }, () => ${call})
        .then(() => console.log('done'), (error) => console.log(error.message));`,
    );
    await rm(folder, { recursive: true });
    expect(said).toMatch(new RegExp(`^Cannot find (package|module) '${missing}'`));
  });

  it('@tenancy/core/throttler says that @nestjs/throttler is missing, and is loaded where it is there', async () => {
    const from = file.endsWith('.mjs') ? '@tenancy/core/throttler' : fileOf('@tenancy/core/throttler');
    const load = file.endsWith('.mjs') ? 'import(name)' : 'Promise.resolve().then(() => require(name))';
    const code = `const name = '${from}';
      ${load}.then((all) => console.log(typeof all.tenantLimit), (error) => console.log(error.message));`;
    expect(await output(withoutJwt, file, code)).toMatch(/^Cannot find (package|module) '@nestjs\/throttler'/);
    const peers = ['@nestjs/common', '@nestjs/core', '@nestjs/throttler', 'reflect-metadata', 'rxjs'];
    const folder = await installedWith(...peers);
    expect(await output(folder, file, code)).toBe('function');
    await rm(folder, { recursive: true });
  });

  it.each(['websockets:is_gateway', 'microservices:pattern'])(
    'an application that has %s, whose package cannot be loaded, does not start',
    async (metadata) => {
      const importAll = file.endsWith('.mjs')
        ? (names: string, from: string) => `import { ${names} } from '${from}';\n`
        : (names: string, from: string) => `const { ${names} } = require('${from}');\n`;
      const said = await output(
        withoutJwt,
        file,
        `${importAll('NestFactory', '@nestjs/core')}${importAll('Controller, Module', '@nestjs/common')}
        ${importing('fromSubdomain, InMemoryTenantRegistry, TenancyModule', '@tenancy/core')}
        class Entrance { handle() {} }
        Reflect.decorate([Controller()], Entrance);
        Reflect.defineMetadata('${metadata}', true, Entrance);
        Reflect.defineMetadata('${metadata}', true, Entrance.prototype.handle);
        class AppModule {}
        const tenancy = TenancyModule.forRoot({
          registry: new InMemoryTenantRegistry([]),
          sources: [fromSubdomain({ baseDomain: 'localhost' })],
        });
        Reflect.decorate([Module({ imports: [tenancy], controllers: [Entrance], providers: [Entrance] })], AppModule);
        NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false })
          .then(() => console.log('started'), (error) => console.log(error.message));`,
      );
      expect(said).toMatch(
        /^tenancy_misconfigured: TenancyModule: cannot load @nestjs\/(websockets|microservices), and/,
      );
    },
  );

  it.each(['-e', '-p', 'stdin', 'worker'])('is loaded where there is no file: %s', async (how) => {
    const name = file.endsWith('.mjs') ? '@tenancy/core' : fileOf('@tenancy/core');
    const code = `import('reflect-metadata').then(() => import('${name}')).then((core) => console.log(typeof core.fromJwt))`;
    const inWorker = `new (require('worker_threads').Worker)(${JSON.stringify(code)}, { eval: true })`;
    const args = how === 'stdin' ? [] : how === 'worker' ? ['-e', inWorker] : [how, code];
    const running = run(process.execPath, args, { cwd: withoutJwt });
    running.child.stdin?.end(how === 'stdin' ? code : '');
    expect((await running).stdout).toContain('function');
  });
});
