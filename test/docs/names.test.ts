import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { tenancyErrors } from '../../packages/core/src/errors/codes.ts';
import { adviceRules, startRules } from '../../packages/postgres/src/doctor/rules.ts';
import { KNOWN_CHECKS } from '../../packages/postgres/src/pool/known-checks.ts';
import { filesOf, root } from './repository.ts';

const read = (file: string) => readFileSync(join(root, file), 'utf8');

/** The first column of the tables below a heading of a page, up to the next heading. */
function listed(page: string, heading: string, table?: number): string[] {
  const [, after = ''] = `\n${read(page)}`.split(`\n${heading}\n`);
  const section = after.split(/^#/m)[0] as string;
  const tables = section.split(/\n{2,}/).filter((block) => block.startsWith('|'));
  return (table === undefined ? tables : [tables[table] ?? ''])
    .flatMap((block) => [...block.matchAll(/^\| `([\w-]+)`/gm)])
    .map(([, name = '']) => name);
}

/** The members of a union of literals. */
function union(file: string, type: string): string[] {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest);
  const alias = source.statements.filter(ts.isTypeAliasDeclaration).find(({ name }) => name.text === type);
  if (!alias || !ts.isUnionTypeNode(alias.type)) throw new Error(`${file} has no union ${type}.`);
  return alias.type.types.map((member) => {
    if (ts.isLiteralTypeNode(member) && ts.isStringLiteral(member.literal)) return member.literal.text;
    throw new Error(`${type} has more than literals.`);
  });
}

const advice = adviceRules.map(({ name }) => name as string);
const scope = (name: string) => union(`packages/${name}/src/errors/tenant-scope-error.ts`, 'TenantScopeErrorCode');
const classification = 'packages/typeorm/src/errors/entity-classification-error.ts';

describe('the pages list exactly the names that the code has', () => {
  it.each<[string, readonly string[], string[]]>([
    ['codes of the core', Object.keys(tenancyErrors), listed('docs/errors.md', '# Errors')],
    [
      'codes of the floor',
      union('packages/postgres/src/errors/tenant-floor-error.ts', 'TenantFloorErrorCode'),
      listed('docs/errors.md', '## The floor'),
    ],
    [
      'checks that stop a pool',
      KNOWN_CHECKS.filter((check) => !advice.includes(check)),
      listed('docs/errors.md', '### What the checks find', 0),
    ],
    ['rules that advise', advice, listed('docs/errors.md', '### What the checks find', 1)],
    [
      'codes of the scopes',
      [
        ...new Set([
          ...scope('prisma'),
          ...scope('typeorm'),
          ...union(classification, 'EntityClassificationErrorCode'),
        ]),
      ],
      listed('docs/errors.md', '## The scope'),
    ],
    [
      'codes of changes',
      union('packages/postgres/src/changes/plan/change-error.ts', 'ChangeErrorCode'),
      listed('docs/errors.md', '## Changes'),
    ],
    [
      'codes of tenants',
      union('packages/postgres/src/tenants/tenants-error.ts', 'TenantsErrorCode'),
      listed('docs/errors.md', '## Tenants'),
    ],
    [
      'codes of migrations',
      union('packages/postgres/src/migrations/outcome/migration-error.ts', 'MigrationErrorCode'),
      listed('packages/postgres/README.md', '## Migrations'),
    ],
  ])('%s', (_, names, documented) => {
    expect(names.length).toBeGreaterThan(5);
    expect(documented.toSorted()).toEqual(names.toSorted());
  });

  it('every rule is a check of a pool or one that advises', () => {
    const rules = union('packages/postgres/src/doctor/diagnosis/rule.ts', 'RuleName');
    expect(KNOWN_CHECKS.toSorted()).toEqual([...rules, 'two-tenants'].toSorted());
    expect(rules).toEqual(expect.arrayContaining([...startRules.map(({ name }) => name), ...advice]));
  });
});

it('every code that a package has is in one of these lists', () => {
  // These have too few codes for a list of their own above, or a table beside their command.
  const elsewhere: Readonly<Record<string, string>> = {
    CliErrorCode: 'packages/cli/README.md',
    IsolationFuzzErrorCode: 'docs/errors.md',
  };
  const listedHere = [
    ...['TenancyErrorCode', 'TenantFloorErrorCode', 'TenantScopeErrorCode', 'EntityClassificationErrorCode'],
    ...['ChangeErrorCode', 'TenantsErrorCode', 'MigrationErrorCode'],
  ];
  const declared = filesOf(/^packages\/\w+\/src\/.*(?<!\.test)\.ts$/).flatMap((file) =>
    [...read(file).matchAll(/^export type (\w+ErrorCode)\b/gm)].map(([, name = '']) => [name, file] as const),
  );
  expect([...new Set(declared.map(([name]) => name))].toSorted()).toEqual(
    [...listedHere, ...Object.keys(elsewhere)].toSorted(),
  );
  for (const [name, file] of declared.filter(([one]) => one in elsewhere)) {
    const missing = union(file, name).filter((code) => !read(elsewhere[name] as string).includes(`\`${code}\``));
    expect(missing, name).toEqual([]);
  }
});
