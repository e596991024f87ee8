import { Linter } from 'eslint';
import { describe, expect, it, vi } from 'vitest';
import { tenancyConfig } from '../eslint.js';
import { noAdminImport } from './no-admin-import.js';

const linter = new Linter();
const problems = (code: string, filename = 'src/jobs/jobs.service.js', options = {}) =>
  linter
    .verify(code, [{ ...tenancyConfig(options), languageOptions: { sourceType: 'module' } } as Linter.Config], {
      filename,
    })
    .map(({ ruleId, message }) => ruleId ?? message);

describe('no-admin-import', () => {
  it.each([
    "import { TenantAdmin } from '@tenancy/core/admin';",
    "import * as admin from '@tenancy/prisma/admin';",
    "export { TenantAdmin } from '@tenancy/core/admin';",
    "export * from '@tenancy/postgres/admin';",
    "await import('@tenancy/typeorm/admin');",
    "require('@tenancy/core/admin');",
    // However the module is named, and whatever loads it.
    'await import(`@tenancy/core/admin`);',
    'require(`@tenancy/core/admin`);',
    "require('@tenancy/' + 'core/admin');",
    "module.require('@tenancy/core/admin');",
    "module['require']('@tenancy/core/admin');",
    "import { createRequire } from 'node:module'; const load = createRequire(import.meta.url); load('@tenancy/core/admin');",
    "import Module from 'node:module'; Module.createRequire(import.meta.url)('@tenancy/core/admin');",
    "import { TenantAdmin } from '@tenancy/core/dist/admin.js';",
    "import '../node_modules/@tenancy/core/dist/admin.cjs';",
  ])('forbids %s outside the admin folder, and not inside', (code) => {
    expect(problems(code)).toEqual(['tenancy/no-admin-import']);
    expect(problems(code, 'src/admin/support.js').filter((rule) => rule.startsWith('tenancy/'))).toEqual([]);
    expect(
      problems(code, 'src/back-office/x.js', { adminFolder: ['src/back-office/**'] }).filter((rule) =>
        rule.startsWith('tenancy/'),
      ),
    ).toEqual([]);
    expect(problems(code, 'src/admin/x.js', { adminFolder: ['src/back-office/**'] })).toEqual([
      'tenancy/no-admin-import',
    ]);
  });

  it.each([
    "import { TenantContext } from '@tenancy/core';",
    "import x from './admin';",
    "require('@other/core/admin');",
    "import x from './src/@tenancy/admin';",
    "const name = '@tenancy/core/admin'; log('@tenancy/core/admin');",
    "function inject(require) { require('@tenancy/core/admin'); }",
    "import('@tenancy/' + name + '/admin');",
  ])('allows %s', (code) => {
    expect(problems(code)).toEqual([]);
  });
});

describe('no-raw-client', () => {
  it.each([
    "import { PrismaClient } from './generated/client.js'; new PrismaClient();",
    "import { PrismaClient as Db } from '@prisma/client'; new Db();",
    "import { Pool } from 'pg'; new Pool();",
    "import pg from 'pg'; new pg.Pool();",
    "import * as pg from 'pg'; new pg.Client();",
    "import { DataSource } from 'typeorm'; new DataSource({});",
    "import { Queue } from 'bullmq'; new Queue('mails');",
    "import { FlowProducer as Flows } from 'bullmq'; new Flows();",
    "const bull = require('bullmq'); new bull.Worker('mails', run);",
    "import { PrismaClient } from '@prisma/client'; other(new PrismaClient());",
    // However the class is come by.
    "const { Pool } = require('pg'); new Pool();",
    "const { Pool: P = null } = require('pg'); new P();",
    "const pg = require('pg'); const { Client } = pg; new Client();",
    "import pg from 'pg'; const { Client } = pg; new Client();",
    "import * as pg from 'pg'; const Client = pg.Client; new Client();",
    "import { default as pg } from 'pg'; new pg['Pool']();",
    "import * as pg from 'pg'; new pg.default.Pool();",
    "const { Pool } = await import('pg'); new Pool();",
    "new (require('pg').Pool)();",
    'const { DataSource } = require(`typeorm`); new DataSource({});',
    "const { PrismaClient } = require('./generated'); new PrismaClient();",
  ])('forbids %s', (code) => {
    expect(problems(code)).toEqual(['tenancy/no-raw-client']);
  });

  it.each([
    "import { PrismaClient } from '@prisma/client'; tenantScoped(new PrismaClient(), {});",
    "import { Pool } from 'generic-pool'; new Pool();",
    "import { DataSource } from './mine.js'; new DataSource();",
    "import { Worker } from 'node:worker_threads'; new Worker('./page.js');",
    "import { Queue } from './in-memory.js'; new Queue();",
    'class Pool {} new Pool();',
    "import pg from 'pg'; new pg.Query();",
    "function own({ Pool }) { new Pool(); } const { Pool } = require('pg');",
    "const { Pool } = require('pg'); { class Pool {} new Pool(); }",
    "const { Pool } = require('generic-pool'); new Pool();",
    "const { PrismaClient } = require('@prisma/client'); tenantScoped(new PrismaClient(), {});",
    'const a = b, b = a; new b.Pool(); var c = d, d = c; new c();',
  ])('allows %s', (code) => {
    expect(problems(code)).toEqual([]);
  });
});

it("TypeScript's own way to require is seen", () => {
  const report = vi.fn();
  const visitors = noAdminImport.create({ report, sourceCode: {} });
  for (const value of ['@tenancy/core/admin', '@tenancy/core']) {
    const expression = { type: 'Literal', value };
    const moduleReference = { type: 'TSExternalModuleReference', expression };
    visitors['TSImportEqualsDeclaration']?.({ type: 'TSImportEqualsDeclaration', moduleReference });
  }
  visitors['TSImportEqualsDeclaration']?.({
    type: 'TSImportEqualsDeclaration',
    moduleReference: { type: 'TSQualifiedName' },
  });
  expect(report.mock.calls).toMatchObject([[{ data: { module: '@tenancy/core/admin' } }]]);
});

it.each([
  [null, /^tenancy_misconfigured: tenancyConfig: is given no options/],
  ['src/admin', /tenancyConfig: is given no options/],
  [{ adminFolder: 'src/admin' }, /tenancyConfig\.adminFolder: is not a list of globs/],
  [{ adminFolder: [''] }, /tenancyConfig\.adminFolder: is not a list of globs/],
  [{ files: 'src/**' }, /tenancyConfig\.files: is not a list of globs/],
])('%j is no configuration', (options, message) => {
  expect(() => tenancyConfig(options as never)).toThrow(message);
});
