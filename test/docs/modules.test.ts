import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { circles, type Import, importsOf, PACKAGES, sourcesOf } from './imports.ts';
import { root } from './repository.ts';

type Package = (typeof PACKAGES)[number];

/**
 * Packages that a package may import at run time besides Node. Dependencies point inward, from adapters to the core. What is not Nest,
 * rxjs or the database's own library may be imported only by the files that are named, behind the subpath that needs it.
 */
const MAY_IMPORT: Readonly<Record<Package, Readonly<Record<string, true | readonly string[]>>>> = {
  core: {
    '@nestjs/common': true,
    '@nestjs/core': true,
    rxjs: true,
    // Each behind the subpath that needs it.
    '@nestjs/cache-manager': ['cache/make-parts.ts', 'cache/tenant-cache.module.ts'],
    'cache-manager': ['cache/memory-cache.ts'],
    keyv: ['cache/memory-cache.ts'],
    '@nestjs/bullmq': ['bullmq/adopted.ts', 'bullmq/classes.ts', 'bullmq/registrar.ts', 'bullmq/tenant-bull.module.ts'],
    bullmq: ['bullmq/admission.ts', 'bullmq/sandbox.ts'],
    '@aws-sdk/client-s3': ['storage/s3/s3-store.ts'],
    '@aws-sdk/s3-request-presigner': ['storage/s3/s3-store.ts'],
    '@nestjs/throttler': ['throttler/tenant-throttler.guard.ts'],
    'graphql-sse': ['graphql/event-stream.ts'],
    // Asked for only where the application has them; an application without them starts all the same.
    '@nestjs/jwt': ['peer.ts'],
    '@nestjs/microservices': ['peer.ts', 'microservices/nest-clients.ts'],
    '@nestjs/websockets': ['peer.ts'],
    // The application's own, when Nest's command runs a schematic in it.
    typescript: ['schematics/edit.ts'],
    '@tenancy/postgres': ['schematics/policies.ts'],
    '@nestjs/schedule': [
      'schedule/tenant-cron.decorator.ts',
      'schedule/tenant-interval.decorator.ts',
      'schedule/tenant-schedule.module.ts',
      'schedule/tenant-scheduler-registry.ts',
    ],
  },
  postgres: {
    '@nestjs/common': true,
    '@tenancy/core': true,
    pg: true,
    'lru-cache': true,
    // PostgreSQL's own parser, behind the subpaths that read migrations.
    'libpg-query': ['parser/parse-sql.ts'],
    // Rows go from server to server as they are.
    'pg-copy-streams': ['tenants/move/copy-rows.ts'],
    // The archive of a tenant is a ZIP file.
    yauzl: ['tenants/archive/archive-reader.ts'],
    yazl: ['tenants/archive/archive-writer.ts'],
  },
  prisma: {
    '@nestjs/common': true,
    '@tenancy/core': true,
    // At run time a client that was generated in the application, and never this package's own.
    '@prisma/generator-helper': ['generator/generator.ts'],
  },
  typeorm: {
    '@nestjs/common': true,
    '@nestjs/typeorm': ['nest/tenant-typeorm.module.ts'],
    '@tenancy/core': true,
    typeorm: true,
  },
  testing: {
    '@nestjs/common': true,
    '@nestjs/core': true,
    '@nestjs/testing': true,
    '@tenancy/core': true,
    'fast-check': ['oracle/fuzz-isolation.ts'],
    pg: true,
    vitest: ['vitest.ts'],
    '@nestjs/microservices': ['harness/message-client.ts'],
    'socket.io-client': ['harness/socket-client.ts'],
    ws: ['harness/socket-client.ts', 'harness/graphql-client.ts'],
  },
  cli: {
    '@tenancy/postgres': true,
    commander: true,
    pg: ['config/json-targets.ts'],
    // Each where it is needed, and not before.
    '@clack/prompts': ['commands/migrate-canary.ts'],
    jiti: ['config/load-config.ts'],
  },
};

/** Files that need one another at run time: the grammar of a language is recursive, and so is what reads it. */
const GRAMMAR: readonly (readonly [Package, string])[] = [
  // A filter of a relation has a `where` of the related rows, which has filters of relations.
  ['prisma', 'scope/relation-filter.ts scope/where.ts'],
  // The data of a new row has nested rows, which have data.
  ['prisma', 'scope/create-data.ts scope/nested-create.ts'],
  ['prisma', 'scope/nested-update.ts scope/update-data.ts'],
];

/** Imports, of types alone, from a room (a folder of `src`, or a file beside them) that is built on, to one that is built on it. */
const CLIMBING: Readonly<Record<Package, readonly string[]>> = {
  core: [],
  postgres: [],
  // What a client has is a client: `$extends`.
  prisma: ['tenant-scoped-client.ts -> tenant-scoped-extends.ts'],
  typeorm: [],
  testing: [],
  cli: [],
};

/** Folders that import each other, to be divided: the list only gets shorter. */
const ENTANGLED: Readonly<Record<Package, readonly string[]>> = {
  core: ['context context/lazy'],
  postgres: [],
  prisma: [],
  typeorm: [],
  testing: [],
  cli: [],
};

/** Lines of a file. Most have about 50; a longer one is looked at for its second concept. */
const LIMIT = 250;

const room = (file: string): string => file.split('/')[0] as string;
const name = ({ from, to }: Import): string => `${from} -> ${to}`;
const packageOf = (specifier: string): string => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;

describe.each(PACKAGES)('%s', (own) => {
  const imports = importsOf(own);
  const inside = imports.filter(({ isOwn, to }) => isOwn && !to.startsWith('..'));

  it('has imports, each of a file that is there', () => {
    const files = sourcesOf(own);
    // Each file but the entries is imported somewhere.
    expect(inside.length).toBeGreaterThanOrEqual(files.length - 2);
    expect(files.length).toBeGreaterThan(20);
    expect(inside.filter(({ to }) => !files.includes(to)).map(name)).toEqual([]);
  });

  it('reads no other package by the path of its files, which would build a copy of them in', () => {
    const outside = imports.filter(({ isOwn, to }) => isOwn && to.startsWith('..'));
    expect(outside.map(name)).toEqual([]);
  });

  it('imports at run time only what it may', () => {
    const allowed = MAY_IMPORT[own];
    const others = imports.filter(({ to, isOwn, isType }) => !isOwn && !isType && !to.startsWith('node:'));
    const wrong = others.filter(({ from, to }) => {
      const may = allowed[packageOf(to)];
      return may !== true && !may?.includes(from);
    });
    expect(wrong.map(name)).toEqual([]);
    const unused = Object.entries(allowed).filter(([to, files]) =>
      (files === true ? [undefined] : files).some(
        (file) => !others.some((one) => packageOf(one.to) === to && (file === undefined || one.from === file)),
      ),
    );
    expect(unused).toEqual([]);
  });

  it("has no circle of files at run time but the grammar's", () => {
    const edges = inside.filter(({ isType }) => !isType).map(({ from, to }) => [from, to] as const);
    const known = GRAMMAR.filter(([of]) => of === own).map(([, files]) => files);
    expect(
      circles(edges)
        .map((files) => files.join(' '))
        .toSorted(),
    ).toEqual(known.toSorted());
  });

  it('has no import that climbs from a room to one that is built on it, but those that are named', () => {
    const between = inside.filter(({ from, to }) => room(from) !== room(to));
    const rooms = (some: readonly Import[]) => circles(some.map(({ from, to }) => [room(from), room(to)] as const));
    const climbing = between.filter((one) => CLIMBING[own].includes(name(one)));
    expect(CLIMBING[own].filter((known) => !climbing.some((one) => name(one) === known))).toEqual([]);
    expect(rooms(between.filter((one) => !climbing.includes(one)))).toEqual([]);
    // One that no longer closes a circle is no exception any more.
    const kept = climbing.filter(
      (one) => rooms(between.filter((other) => other === one || !climbing.includes(other))).length === 0,
    );
    expect(kept.map(name)).toEqual([]);
  });

  it('has no folder within a room that is built on what is built on it', () => {
    const folders = inside.map(({ from, to }) => [dirname(from), dirname(to)] as const);
    const between = folders.filter(([from, to]) => from !== to && from !== '.' && to !== '.');
    expect(circles(between).map((group) => group.join(' '))).toEqual(ENTANGLED[own]);
  });
});

it('every file is about one concept, and no longer than that takes', () => {
  const long = PACKAGES.flatMap((own) =>
    sourcesOf(own)
      .filter((file) => linesOf(`packages/${own}/src/${file}`) > LIMIT)
      .map((file) => `${own}: ${file}`),
  );
  expect(long).toEqual([]);
});

const linesOf = (file: string): number => readFileSync(join(root, file), 'utf8').split('\n').length - 1;
