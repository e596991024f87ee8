import { Linter } from 'eslint';
import { describe, expect, it } from 'vitest';
import { tenancyConfig } from '../eslint.js';

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
    "import { PrismaClient } from '@prisma/client'; other(new PrismaClient());",
  ])('forbids %s', (code) => {
    expect(problems(code)).toEqual(['tenancy/no-raw-client']);
  });

  it.each([
    "import { PrismaClient } from '@prisma/client'; tenantScoped(new PrismaClient(), {});",
    "import { Pool } from 'generic-pool'; new Pool();",
    "import { DataSource } from './mine.js'; new DataSource();",
    'class Pool {} new Pool();',
    "import pg from 'pg'; new pg.Query();",
  ])('allows %s', (code) => {
    expect(problems(code)).toEqual([]);
  });
});
