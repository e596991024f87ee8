/** A page of the site: its file in the repository, and its name in the sidebar. */
export type Place = readonly [file: string, name: string];

export interface Section {
  readonly name: string;
  readonly pages: readonly Place[];
}

/**
 * Every page has one place here, and every place a page (`test/docs/site.test.ts`). The reference of each entry comes below `Reference`
 * by itself.
 */
export const SECTIONS: readonly Section[] = [
  {
    name: 'Start',
    pages: [
      ['README.md', 'What it is'],
      ['docs/getting-started-typeorm.md', 'Getting started with TypeORM'],
      ['docs/getting-started-prisma.md', 'Getting started with Prisma'],
      ['docs/guide.md', 'Guide'],
      ['docs/into-an-existing-application.md', 'Into an existing application'],
      ['docs/choosing-isolation.md', 'Rows, schemas or databases'],
      ['docs/coming-from.md', 'Coming from other ways'],
      ['docs/comparison.md', 'Comparison'],
      ['examples/hiring-platform/README.md', 'An example'],
    ],
  },
  {
    name: 'Concepts',
    pages: [
      ['docs/contexts.md', 'Contexts'],
      ['docs/security.md', 'Security'],
      ['docs/traps.md', 'Traps'],
      ['docs/architecture.md', 'How it is built'],
    ],
  },
  {
    name: 'Entrances',
    pages: [
      ['docs/authentication.md', 'Signing in'],
      ['docs/graphql.md', 'GraphQL'],
      ['docs/websockets.md', 'WebSockets'],
      ['docs/microservices.md', 'Messages'],
      ['docs/clocks.md', 'Clocks'],
    ],
  },
  {
    name: 'Exits',
    pages: [
      ['docs/caches.md', 'Caches'],
      ['docs/queues.md', 'Queues'],
      ['docs/events.md', 'Events and the outbox'],
      ['docs/calling-services.md', 'Calling services'],
      ['docs/files.md', 'Files'],
      ['docs/limits.md', 'Limits'],
      ['docs/logs.md', 'Logs and metrics'],
    ],
  },
  {
    name: 'Databases',
    pages: [
      ['packages/postgres/README.md', 'PostgreSQL'],
      ['packages/prisma/README.md', 'Prisma'],
      ['packages/typeorm/README.md', 'TypeORM'],
      ['docs/typeorm-enumeration.md', 'TypeORM, call by call'],
      ['docs/adapter.md', 'An adapter of your own'],
    ],
  },
  {
    name: 'Operating',
    pages: [
      ['docs/deployment.md', 'Deployment'],
      ['docs/troubleshooting.md', 'Troubleshooting'],
      ['packages/cli/README.md', 'The command'],
      ['docs/migrations.md', 'Migrations'],
      ['docs/lint.md', 'Linting migrations'],
      ['docs/changes.md', 'Changing a hot table'],
      ['docs/adopting-a-database.md', 'Adopting a database'],
      ['docs/tenants.md', 'Tenants'],
      ['docs/exporting-a-tenant.md', 'Exporting a tenant'],
      ['docs/moving-a-tenant.md', 'Moving a tenant'],
      ['docs/deleting-a-tenant.md', 'Deleting a tenant'],
      ['docs/replicas.md', 'Read replicas'],
      ['docs/outgrowing-one-server.md', 'Outgrowing one server'],
      ['docs/doctor.md', 'The doctor'],
    ],
  },
  {
    name: 'Testing',
    pages: [
      ['packages/testing/README.md', 'The proof'],
      ['docs/ci.md', 'In CI'],
      ['docs/detection.md', 'What it detects'],
    ],
  },
  {
    name: 'Reference',
    pages: [
      ['docs/errors.md', 'Errors'],
      ['docs/versions.md', 'Versions and support'],
      ['docs/benchmarks.md', 'Benchmarks'],
      ['benchmarks/RESULTS.md', 'Every measurement'],
      ['packages/core/README.md', '@tenancy/core'],
      ['CHANGELOG.md', 'Changelog'],
      ['CONTRIBUTING.md', 'Contributing'],
      ['CODE_OF_CONDUCT.md', 'Code of conduct'],
      ['SECURITY.md', 'Reporting a way round'],
    ],
  },
  {
    name: 'Decisions',
    pages: [
      ['docs/decisions/README.md', 'All decisions'],
      ['docs/decisions/0001-the-entrance-is-the-adapters-request-hook.md', "The adapter's request hook"],
      ['docs/decisions/0002-the-guard-refuses.md', 'The guard refuses'],
      ['docs/decisions/0003-a-contradiction-names-no-tenant.md', 'A contradiction'],
      ['docs/decisions/0004-one-copy-of-each-class.md', 'One copy of each class'],
      ['docs/decisions/0005-the-prisma-client-is-a-facade.md', 'The Prisma client'],
      ['docs/decisions/0006-the-bound-query.md', 'The bound query'],
      ['docs/decisions/0007-two-policies-on-each-table.md', 'Two policies'],
      ['docs/decisions/0008-a-pool-that-does-not-start.md', 'A pool that does not start'],
      ['docs/decisions/0009-relations-by-their-keys.md', 'Relations by their keys'],
      ['docs/decisions/0010-a-wall-before-each-queue.md', 'A wall before each queue'],
      ['docs/decisions/0011-a-replica-is-asked-by-name-and-position.md', 'A replica is asked by name and position'],
    ],
  },
];

/** The folder that the reference of each entry is written to at build time. */
export const REFERENCE = 'docs/generated/reference/';

const NAMED: Readonly<Record<string, string>> = {
  'README.md': 'index.md',
  'CHANGELOG.md': 'changelog.md',
  'CONTRIBUTING.md': 'contributing.md',
  'CODE_OF_CONDUCT.md': 'code-of-conduct.md',
  // On a disk that does not tell capitals apart, `SECURITY.md` is also the page about what the library trusts.
  'SECURITY.md': 'reporting.md',
  'benchmarks/RESULTS.md': 'measurements.md',
  'examples/hiring-platform/README.md': 'example.md',
};

/** The path on the site of a page of the repository. */
export function onSite(file: string): string {
  return (
    NAMED[file] ??
    file
      .replace(/^packages\/(\w+)\/README\.md$/, 'packages/$1.md')
      .replace(`${REFERENCE}@tenancy/`, 'reference/')
      .replace(REFERENCE, 'reference/')
      .replace(/^docs\//, '')
      .replace(/(^|\/)README\.md$/, '$1index.md')
  );
}
