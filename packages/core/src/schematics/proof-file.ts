/** The application that the test is about. */
export interface ProofOf {
  readonly runner: 'jest' | 'vitest';
  readonly isEsm: boolean;
  readonly module: string;
  readonly from: string;
  readonly tokens: boolean;
  readonly baseDomain: string | null;
  readonly hasDatabase: boolean;
}

const ROWS = `
    // Read from outside, as the owner of the tables; what may write is unproven without it. From @tenancy/testing/postgres:
    // rows: rowsFromPostgres(process.env.ADMIN_DATABASE_URL ?? '', { tenantColumn: 'tenant_id' }),`;

/** The test: an application has no rows to tell apart at first, so a route of the test's own has some. */
export function proofFile({ runner, isEsm, module, from, tokens, baseDomain, hasDatabase }: ProofOf): string {
  const secret = `
// Before the application starts, which reads it then.
process.env.JWT_SECRET ??= 'for this test alone: 32 bytes or more';
`;
  const host = `
    host: ({ slug }) => \`\${slug}.${baseDomain}\`,`;
  const signIn = `
    signIn: (tenant) =>
      signTestToken(tenant, { secret: process.env.JWT_SECRET ?? '' }),`;
  // CommonJS cannot wait for it.
  const isAwaited = runner === 'vitest' && isEsm;
  const harness = isAwaited ? 'await harness()' : 'harness';
  return `import { existsSync } from 'node:fs';
import { Controller, Get, Module } from '@nestjs/common';
import { CurrentTenant } from '@tenancy/core';
import { createIsolationHarness${tokens ? ', signTestToken' : ''} } from '@tenancy/testing';
import { describeIsolation } from '@tenancy/testing/${runner}';
import { ${module} } from '${from}';
${tokens ? secret : ''}
const notes = new Map<string, string>();

/** A route of this test alone: what one tenant has there, the other must not get. Take it away once \`seed\` uses your own. */
@Controller('isolation-probe')
class IsolationProbe {
  @Get()
  read(@CurrentTenant('id') id: string) {
    return { note: notes.get(id) };
  }
}

@Module({ imports: [${module}], controllers: [IsolationProbe] })
class Application {}

const harness = () =>
  createIsolationHarness(Application, {
    // As the registry knows them.
    tenants: {
      acme: { id: 't_acme', slug: 'acme' },
      globex: { id: 't_globex', slug: 'globex' },
    },${baseDomain ? host : ''}${tokens ? signIn : ''}
    // Plant rows by your own routes: client.post('/jobs', { title: canary('title') }).
    seed: (tenant, { canary }) => {
      const note = canary('note');
      notes.set(tenant.id, note);
      return { note: { note } };
    },${hasDatabase ? ROWS : ''}
  });

// What is unproven today, so that whatever is new or worse fails: made by the first run, and committed.
const file = 'isolation.baseline.json';
describeIsolation(${harness}, {
  baseline: { file, update: !existsSync(file) },
});
`;
}
