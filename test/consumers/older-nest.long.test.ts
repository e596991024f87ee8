import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { run } from '../pnpm.ts';

/** Says what its start ends in; written without decorators, so that Node runs it as it is. */
const application = (importing: string) => `
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
${importing}

class AppModule {}
const options = {
  registry: new InMemoryTenantRegistry([{ id: 't_acme', slug: 'acme' }]),
  sources: [fromSubdomain({ baseDomain: 'localhost' })],
};
const start = async () => {
  const tenancy = process.argv[2] === 'async' ? TenancyModule.forRootAsync({ useFactory: () => options }) : TenancyModule.forRoot(options);
  Module({ imports: [tenancy] })(AppModule);
  const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
  await app.init();
  await app.close();
};
start().then(() => console.log('started'), (error) => console.log(error.stack.split('\\n')[0]));
`;
const names = 'fromSubdomain, InMemoryTenantRegistry, TenancyModule';

describe.each(['10.4.20', '11.1.3', '11.1.4'])('an application on Nest %s', (version) => {
  const app = join(inject('outside'), `nest-${version}`);
  beforeAll(async () => {
    await mkdir(app, { recursive: true });
    const nest = ['common', 'core', 'platform-express'].map((name) => `@nestjs/${name}@${version}`);
    await writeFile(join(app, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
    // npm refuses, and says which peers do not go together; many add this flag then. pnpm only warns.
    const flags = ['--legacy-peer-deps', '--ignore-scripts', '--prefer-offline', '--no-audit'];
    const tarball = inject('tarballs')['@tenancy/core'] as string;
    await run(['npm', 'install', ...flags, ...nest, 'reflect-metadata@0.2', 'rxjs@7', tarball], app);
    await writeFile(join(app, 'esm.js'), application(`import { ${names} } from '@tenancy/core';`));
    const file = `createRequire(import.meta.url)('./node_modules/@tenancy/core/dist/index.cjs')`;
    await writeFile(
      join(app, 'cjs.js'),
      application(`import { createRequire } from 'node:module';\nconst { ${names} } = ${file};`),
    );
  });

  it.each([
    ['esm', 'forRoot'],
    ['cjs', 'forRoot'],
    ['esm', 'async'],
  ])(
    version === '11.1.4' ? 'starts (%s, %s)' : 'is told which it needs, and which one it has (%s, %s)',
    async (format, how) => {
      const said = (await run([process.execPath, `${format}.js`, how], app)).trim();
      if (version === '11.1.4') expect(said).toBe('started');
      else {
        expect(said).toMatch(/^TenancyConfigurationError: tenancy_misconfigured: TenancyModule: /);
        expect(said).toContain(`@tenancy/core needs NestJS 11.1.4 or newer; found ${version}. Update `);
      }
    },
  );
});
