import type { SeedRoute } from './seed-route.js';
import type { StartedHere } from './started-here.js';

/** The application that the test is about. */
export interface ProofOf {
  readonly runner: 'jest' | 'vitest';
  readonly isEsm: boolean;
  readonly started: StartedHere;
  readonly tokens: boolean;
  /** The environment variable that has the secret of tokens. */
  readonly secret: string;
  readonly baseDomain: string | null;
  /** The column of the tenant, where there is a database. */
  readonly tenantColumn: string | null;
  /** A route that plants rows; null where the test has one of its own. */
  readonly route: SeedRoute | null;
}

/** The test: an application has no rows to tell apart at first, so where no route of its own makes some, one of the test's has. */
export function proofFile(proof: ProofOf): string {
  const { runner, isEsm, started, tokens, baseDomain, route } = proof;
  const { expression, isAwaited: isPromise, imports, why } = started;
  const secret = `
// Before the application starts, which reads it then.
process.env.${proof.secret} ??= 'for this test alone: 32 bytes or more';
`;
  const host = `
    host: ({ slug }) => \`\${slug}.${baseDomain}\`,`;
  const signIn = `
    signIn: (tenant) =>
      signTestToken(tenant, { secret: process.env.${proof.secret} ?? '' }),`;
  // CommonJS cannot wait for it.
  const isAwaited = runner === 'vitest' && isEsm;
  const harness = isAwaited ? 'await harness()' : 'harness';
  const hasRows = route !== null && proof.tenantColumn !== null;
  return `import { existsSync } from 'node:fs';
${route ? '' : NEST}import { createIsolationHarness${tokens ? ', signTestToken' : ''} } from '@tenancy/testing';
${hasRows ? "import { rowsFromPostgres } from '@tenancy/testing/postgres';\n" : ''}import { describeIsolation } from '@tenancy/testing/${runner}';
${imports.map(({ clause, from }) => `import ${clause} from '${from}';\n`).join('')}${tokens ? secret : ''}${route ? '' : probe(expression)}
${why === null ? '' : unclear(why)}const harness = ${route ? `${isPromise ? 'async ' : ''}() =>\n  ` : 'async () => {\n  const started = await '}createIsolationHarness(${route ? `${isPromise ? 'await ' : ''}${expression}` : 'Application'}, {
    // As the registry knows them.
    tenants: {
      acme: { id: 't_acme', slug: 'acme' },
      globex: { id: 't_globex', slug: 'globex' },
    },${baseDomain ? host : ''}${tokens ? signIn : ''}
${route ? ownSeed(route) : PROBED}${rows(proof)}
  });
${route ? '' : NOT_ALONE}
// What is unproven today, so that whatever is new or worse fails: made by the first run, and committed.
const file = 'isolation.baseline.json';
describeIsolation(${harness}, {
  baseline: { file, update: !existsSync(file) },${route ? examples(route) : ''}
});
`;
}

const unclear = (why: string) => `// main.ts ${why}.
// Start the same here: a module without the controllers passes, and proves nothing.
`;

const NOT_ALONE = `  // With the probe alone, nothing of the application would be proven.
  if (started.entrances.some(({ id }) => !id.includes('isolation-probe'))) {
    return started;
  }
  await started.close();
  throw new Error(
    'No entrance of the application was found. Is this the module that main.ts starts?',
  );
};
`;

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
  const url = "process.env.ADMIN_DATABASE_URL ?? ''";
  const column = `tenantColumn: '${tenantColumn}'`;
  return route
    ? `
    // Read from outside, as the owner of the tables: an attack may have changed what no answer shows.
    rows: rowsFromPostgres(${url}, {
      ${column},
    }),`
    : `
    // Read from outside, as the owner of the tables; what may write is unproven without it. From @tenancy/testing/postgres:
    // rows: rowsFromPostgres(${url}, { ${column} }),`;
}
