import type { SeedRoute } from './seed-route.js';

/** The application that the test is about. */
export interface ProofOf {
  readonly runner: 'jest' | 'vitest';
  readonly isEsm: boolean;
  readonly module: string;
  readonly from: string;
  readonly tokens: boolean;
  readonly baseDomain: string | null;
  /** The column of the tenant, where there is a database. */
  readonly tenantColumn: string | null;
  /** A route that plants rows; null where the test has one of its own. */
  readonly route: SeedRoute | null;
}

/** The test: an application has no rows to tell apart at first, so where no route of its own makes some, one of the test's has. */
export function proofFile(proof: ProofOf): string {
  const { runner, isEsm, module, from, tokens, baseDomain, route } = proof;
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
  const hasRows = route !== null && proof.tenantColumn !== null;
  return `import { existsSync } from 'node:fs';
${route ? '' : NEST}import { createIsolationHarness${tokens ? ', signTestToken' : ''} } from '@tenancy/testing';
${hasRows ? "import { rowsFromPostgres } from '@tenancy/testing/postgres';\n" : ''}import { describeIsolation } from '@tenancy/testing/${runner}';
import { ${module} } from '${from}';
${tokens ? secret : ''}${route ? '' : probe(module)}
const harness = () =>
  createIsolationHarness(${route ? module : 'Application'}, {
    // As the registry knows them.
    tenants: {
      acme: { id: 't_acme', slug: 'acme' },
      globex: { id: 't_globex', slug: 'globex' },
    },${baseDomain ? host : ''}${tokens ? signIn : ''}
${route ? ownSeed(route) : PROBED}${rows(proof)}
  });

// What is unproven today, so that whatever is new or worse fails: made by the first run, and committed.
const file = 'isolation.baseline.json';
describeIsolation(${harness}, {
  baseline: { file, update: !existsSync(file) },${route ? examples(route) : ''}
});
`;
}

const NEST = `import { Controller, Get, Module } from '@nestjs/common';
import { CurrentTenant } from '@tenancy/core';
`;

const probe = (module: string) => `
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
`;

const PROBED = `    // Plant rows by your own routes: client.post('/jobs', { title: canary('title') }).
    seed: (tenant, { canary }) => {
      const note = canary('note');
      notes.set(tenant.id, note);
      return { note: { note } };
    },`;

const ownSeed = ({
  path,
  row,
  body,
}: SeedRoute) => `    // Rows of each tenant, which are looked for in what the other gets.
    seed: async (_tenant, { canary, client }) => {
      const answer = await client.post('${path}', ${body});
      // A refusal is no row.
      if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
      return { ${row}: answer.body as Record<string, unknown> };
    },`;

const examples = ({ path, body }: SeedRoute) => `
  examples: {
    'POST ${path}': (_rows, { canary }) => ({
      body: ${body},
    }),
  },`;

function rows({ tenantColumn, route }: ProofOf): string {
  if (tenantColumn === null) return '';
  const call = `rowsFromPostgres(process.env.ADMIN_DATABASE_URL ?? '', { tenantColumn: '${tenantColumn}' })`;
  return route
    ? `
    // Read from outside, as the owner of the tables: an attack may have changed what no answer shows.
    rows: ${call
      .replace('(process', '(\n      process')
      .replace("'', {", "'',\n      {")
      .replace(/ \}\)$/, ' },\n    )')},`
    : `
    // Read from outside, as the owner of the tables; what may write is unproven without it. From @tenancy/testing/postgres:
    // rows: ${call},`;
}
