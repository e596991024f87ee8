import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freePort } from '../../packages/postgres/test/database/free-port.ts';
import { pnpm, run } from '../pnpm.ts';

const SECRET = 'for this test alone: 32 bytes or more';

/** A person's shell: the proof writes its baseline there, and not where CI is set. */
const nest = (app: string, ...args: string[]) => run(['env', '-u', 'CI', 'node_modules/.bin/nest', ...args], app);

/** An ORM as an application has it before anybody thought of tenants. */
export interface NestAddOrm {
  readonly name: 'prisma' | 'typeorm';
  readonly dependencies: Readonly<Record<string, string>>;
  /** Its files, and what they become of what is there. */
  readonly files: Readonly<Record<string, string | ((text: string) => string)>>;
  /** The program that generates its client. */
  readonly generate?: readonly string[];
  /** The folder of its migrations. */
  readonly migrations: string;
}

/**
 * Takes what `nest new` makes, with the packed packages installed in it, made multi-tenant by `nest add` and proven by `nest g`.
 *
 * @param cli the version of `@nestjs/cli`
 * @param orm what the application gets afterwards, to be held to the tenant too
 */
export function describeNestAdd(cli: string, orm: NestAddOrm): void {
  describe(`nest add and nest g of ${cli}, on what its nest new makes`, () => {
    const folder = join(inject('outside'), `nest-add-${cli}`);
    const app = join(folder, 'app');
    const add = ['add', '@tenancy/core', '--skip-install', '--base-domain', 'app.example.com', '--tokens'];
    const addNone = [...add, '--orm', 'none'];
    let server: ReturnType<typeof spawn> | undefined;

    beforeAll(async () => {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'package.json'), JSON.stringify({ devDependencies: { '@nestjs/cli': cli } }));
      await writeFile(join(folder, 'pnpm-workspace.yaml'), JSON.stringify({ strictDepBuilds: false }));
      await pnpm(folder, 'install', '--prefer-offline', '--ignore-scripts');
      await nest(folder, 'new', 'app', '--skip-install', '--skip-git', '--package-manager', 'pnpm');
      const manifest = await json('package.json');
      const tarballs = Object.fromEntries(
        Object.entries(inject('tarballs')).map(([packed, file]) => [packed, `file:${file}`]),
      );
      // One install for the whole test: everything but what the first call has to add.
      const packed = ['core', 'postgres', orm.name].map((name) => [`@tenancy/${name}`, tarballs[`@tenancy/${name}`]]);
      Object.assign(manifest.dependencies, orm.dependencies, { pg: '^8.16.0' }, Object.fromEntries(packed));
      manifest.devDependencies['@types/pg'] = '^8.15.0';
      manifest.devDependencies['@tenancy/testing'] = tarballs['@tenancy/testing'];
      await writeFile(join(app, 'package.json'), JSON.stringify(manifest, null, 2));
      const workspace = { packages: ['.'], overrides: tarballs, strictDepBuilds: false };
      await writeFile(join(app, 'pnpm-workspace.yaml'), JSON.stringify(workspace));
      await install();
    });
    afterAll(() => void server?.kill('SIGKILL'));

    const json = async (file: string) => JSON.parse(await readFile(join(app, file), 'utf8'));
    const install = () => pnpm(app, 'install', '--prefer-offline', '--no-frozen-lockfile', '--ignore-scripts');

    it('says what it changed, and does nothing twice', async () => {
      expect(await nest(app, ...addNone)).toMatch(/src\/app\.module\.ts: imports TenancyModule[\s\S]*Next:/);
      const once = await Promise.all(['src/app.module.ts', 'package.json'].map((file) => readFile(join(app, file))));
      expect((await json('package.json')).dependencies['@nestjs/jwt']).toBe(`^${cli.split('.')[0]}.0.0`);
      expect(await nest(app, ...addNone)).toMatch(/Nothing to change: src\/app\.module\.ts[\s\S]*Nothing to be done/);
      expect(once).toEqual(
        await Promise.all(['src/app.module.ts', 'package.json'].map((file) => readFile(join(app, file)))),
      );
      expect(await nest(app, 'g', '-c', '@tenancy/core', 'isolation-test')).toContain('test/isolation.e2e-spec.ts');
      await install();
    });

    it('refuses an option that nobody reads, and takes those of the command itself', async () => {
      const refused = await nest(app, ...addNone, '--token').catch((error: Error) => error.message);
      expect(refused).toMatch(/--token is not known\. Nothing was changed\. Did you mean --tokens\?/);
      const taken = await nest(app, ...addNone, '--dry-run', '--project', 'app', '-s');
      expect(taken).toContain('Nothing to change: src/app.module.ts');
    });

    it('starts, and refuses without a tenant', async () => {
      // The test too is type-checked, and the application is built in one go.
      await run(['node_modules/.bin/tsc', '--outDir', 'built'], app);
      const port = await freePort();
      server = spawn(process.execPath, ['built/src/main.js'], {
        cwd: app,
        env: { ...process.env, JWT_SECRET: SECRET, PORT: String(port) },
        stdio: 'ignore',
      });
      const answer = await answered(port, 'localhost', () => server?.exitCode ?? null);
      expect(answer).toEqual({ status: 401, body: expect.stringContaining('tenant_required') });
      expect(await asked(port, 'acme.app.example.com')).toEqual({ status: 200, body: 'Hello World!' });
      expect(await asked(port, 'nobody.app.example.com')).toMatchObject({ status: 401 });
    });

    it('proves its isolation, and says what is not proven yet', async () => {
      const said = await run(['env', '-u', 'CI', 'npm', 'run', 'test:e2e', '--', 'isolation'], app);
      expect(said).toMatch(/Tests:? +\d passed/);
      // The probe is proven; `Hello World!` is refused without a tenant, and has nothing that is a tenant's own.
      expect((await json('isolation.baseline.json')).unproven).toEqual([{ entrance: 'GET /', attack: 'own' }]);
    });

    it(`holds ${orm.name} to the tenant, with a migration of roles and policies`, async () => {
      for (const [file, made] of Object.entries(orm.files)) {
        await mkdir(dirname(join(app, file)), { recursive: true });
        const text = typeof made === 'string' ? made : made(await readFile(join(app, file), 'utf8'));
        await writeFile(join(app, file), text);
      }
      expect(await nest(app, ...add)).toContain('the role app, and policies on');
      const written = await readdir(join(app, orm.migrations));
      expect(written).toEqual([expect.stringMatching(/^\d{13,14}(?:-TenancyPolicies\.ts|_tenancy_policies)$/)]);
      // Prisma downloads an engine that generating does not need, unless one is named.
      if (orm.generate) await run(['env', `PRISMA_SCHEMA_ENGINE_BINARY=${process.execPath}`, ...orm.generate], app);
      await run(['node_modules/.bin/tsc', '--noEmit'], app);
    });
  });
}

const asked = (port: number, host: string) =>
  new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    get({ host: '127.0.0.1', port, headers: { host } }, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += chunk)).on('end', () => resolve({ status: response.statusCode, body }));
    }).on('error', reject);
  });

/** The first answer, as soon as there is one. */
async function answered(port: number, host: string, exited: () => number | null) {
  while (exited() === null) {
    const answer = await asked(port, host).catch(() => null);
    if (answer) return answer;
    await setTimeout(100);
  }
  throw new Error(`The application ended with ${exited()}.`);
}
