import { randomUUID } from 'node:crypto';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { NotFoundException, ValidationPipe } from '@nestjs/common';
import {
  Args,
  Context,
  createUnionType,
  Field,
  Float,
  GraphQLISODateTime,
  GraphQLModule,
  ID,
  InputType,
  Int,
  Mutation,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
  registerEnumType,
} from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { IsInt, IsOptional, IsString, Max, Min } from 'class-validator';
import DataLoader from 'dataloader';
import type { TenantClient } from '../../../src/index.js';
import { type Application, Db, type Rows } from './application.js';

const apollo = GraphQLModule.forRoot<ApolloDriverConfig>({
  driver: ApolloDriver,
  autoSchemaFile: true,
  graphiql: false,
  context: ({ req }: { req: object }) => ({ req }),
});

const mercurius = GraphQLModule.forRoot<MercuriusDriverConfig>({
  driver: MercuriusDriver,
  autoSchemaFile: true,
  graphiql: false,
});

const ask = (client: TenantClient, query: string, variables: Rows = {}) =>
  client.post('/graphql', { query, variables });

const validated: Application['configure'] = (app) => {
  app.useGlobalPipes(new ValidationPipe({ transform: true }));
};

const LIBRARY = `create table writer (id uuid primary key, tenant_id text not null, name text not null);
  create table book (id uuid primary key, tenant_id text not null, writer_id uuid not null, title text not null, year int not null default 1999,
    added_at timestamptz not null default now());`;

const plantBook: Application['seed'] = async (tenant, { canary, db }) => {
  const writer = { id: randomUUID(), name: canary('name') };
  const book = { id: randomUUID(), title: canary('title'), writerId: writer.id };
  await db.many('insert into writer values ($1, $2, $3)', writer.id, tenant.id, writer.name);
  await db.many(
    'insert into book (id, tenant_id, writer_id, title) values ($1, $2, $3, $4)',
    book.id,
    tenant.id,
    writer.id,
    book.title,
  );
  return { writer, book };
};

@ObjectType()
class Writer {
  @Field(() => ID) id!: string;
  @Field(() => String) name!: string;
}

@ObjectType()
class Book {
  @Field(() => ID) id!: string;
  @Field(() => String) title!: string;
  @Field(() => Int) year!: number;
  @Field(() => GraphQLISODateTime) added_at!: Date;
}

@InputType()
class NewBook {
  @Field(() => ID)
  @IsString()
  writerId!: string;

  @Field(() => String)
  @IsString()
  title!: string;

  @Field(() => Int, { nullable: true })
  @IsOptional()
  @IsInt()
  @Min(1000)
  @Max(2100)
  year?: number;
}

@Resolver(() => Book)
class BookResolver {
  constructor(private readonly db: Db) {}

  @Query(() => [Book])
  books(@Args('limit', { type: () => Int, defaultValue: 20 }) limit: number) {
    return this.db.many(
      'select * from book where tenant_id = $1 order by title limit $2',
      this.db.tenantId,
      Math.min(limit, 100),
    );
  }

  @Query(() => Book, { nullable: true })
  async book(@Args('id', { type: () => ID }) id: string) {
    const [book] = await this.db.many(
      'select * from book where id::text = $1 and tenant_id = $2',
      id,
      this.db.tenantId,
    );
    return book ?? null;
  }

  @ResolveField(() => Writer)
  writer(@Parent() book: Rows) {
    return this.db.one('select * from writer where id = $1 and tenant_id = $2', book.writer_id, this.db.tenantId);
  }

  @Mutation(() => Book)
  async addBook(@Args('input', { type: () => NewBook }) { writerId, title, year }: NewBook) {
    const [writer] = await this.db.many(
      'select 1 from writer where id::text = $1 and tenant_id = $2',
      writerId,
      this.db.tenantId,
    );
    if (!writer) throw new NotFoundException('there is no such writer');
    return this.db.one(
      'insert into book (id, tenant_id, writer_id, title, year) values ($1, $2, $3, $4, $5) returning *',
      randomUUID(),
      this.db.tenantId,
      writerId,
      title,
      year ?? 2026,
    );
  }
}

/** Of a writer to the books, and of each to its writer again. */
@Resolver(() => Writer)
class WriterResolver {
  constructor(private readonly db: Db) {}

  @Query(() => [Writer])
  writers() {
    return this.db.many('select * from writer where tenant_id = $1 order by name', this.db.tenantId);
  }

  @ResolveField(() => [Book])
  books(@Parent() writer: Rows) {
    return this.db.many(
      'select * from book where writer_id = $1 and tenant_id = $2 order by title',
      writer.id,
      this.db.tenantId,
    );
  }
}

const libraryWorks: Application['works'] = (client, { book, writer }) => [
  ask(client, '{ books { title year added_at writer { name books { title } } } }'),
  ask(client, 'query ($id: ID!) { book(id: $id) { title } }', { id: book.id }),
  ask(client, 'mutation ($input: NewBook!) { addBook(input: $input) { id } }', {
    input: { writerId: writer.id, title: 'Emma' },
  }),
];

const cyclic: Application = {
  name: 'books and writers that lead to each other, under Apollo',
  schema: LIBRARY,
  imports: [apollo],
  providers: [BookResolver, WriterResolver],
  configure: validated,
  examples: {
    'graphql Mutation.addBook': ({ writer }, { canary }) => ({
      body: { input: { writerId: writer.id, title: canary('title') } },
    }),
  },
  seed: plantBook,
  works: libraryWorks,
};

const onMercurius: Application = {
  ...cyclic,
  name: 'books and writers that lead to each other, under Mercurius',
  imports: [mercurius],
  harness: { adapter: () => new FastifyAdapter() },
};

enum Kind {
  Song = 'SONG',
  Album = 'ALBUM',
}
registerEnumType(Kind, { name: 'Kind' });

@ObjectType()
class Song {
  @Field(() => ID) id!: string;
  @Field(() => String) title!: string;
  @Field(() => Float) minutes!: number;
}

@ObjectType()
class Album {
  @Field(() => ID) id!: string;
  @Field(() => String) title!: string;
}

const Release = createUnionType({
  name: 'Release',
  types: () => [Song, Album] as const,
  resolveType: ({ kind }: Rows) => (kind === Kind.Song ? Song : Album),
});

@Resolver(() => Song)
class MusicResolver {
  constructor(private readonly db: Db) {}

  @Query(() => [Release])
  releases(@Args('kind', { type: () => Kind, nullable: true }) kind?: Kind) {
    return this.db.many(
      'select id, title, kind, length / 60.0 as minutes from release where tenant_id = $1 and ($2::text is null or kind = $2) order by title',
      this.db.tenantId,
      kind ?? null,
    );
  }

  @Query(() => Int)
  releaseCount() {
    return this.db
      .one('select count(*)::int from release where tenant_id = $1', this.db.tenantId)
      .then(({ count }) => count);
  }

  @Mutation(() => Boolean)
  async deleteRelease(@Args('id', { type: () => ID }) id: string) {
    const gone = await this.db.many(
      'delete from release where id::text = $1 and tenant_id = $2 returning 1',
      id,
      this.db.tenantId,
    );
    return gone.length === 1;
  }
}

const unions: Application = {
  name: 'a union, an enumeration and a count under Apollo',
  schema:
    'create table release (id uuid primary key, tenant_id text not null, title text not null, kind text not null, length int not null default 240);',
  imports: [apollo],
  providers: [MusicResolver],
  seed: async (tenant, { canary, db }) => {
    const release = { id: randomUUID(), title: canary('title') };
    await db.many(
      'insert into release (id, tenant_id, title, kind) values ($1, $2, $3, $4)',
      release.id,
      tenant.id,
      release.title,
      Kind.Song,
    );
    return { release };
  },
  works: (client, { release }) => [
    ask(client, '{ releases(kind: Song) { __typename ... on Song { title minutes } } releaseCount }'),
    ask(client, 'mutation ($id: ID!) { deleteRelease(id: $id) }', { id: release.id }),
  ],
};

interface WithLoader {
  loader?: DataLoader<string, Rows>;
}

@ObjectType()
class Painter {
  @Field(() => ID) id!: string;
  @Field(() => String) name!: string;
}

@ObjectType()
class Painting {
  @Field(() => ID) id!: string;
  @Field(() => String) title!: string;
  @Field(() => Painter) painter!: Painter;
}

@Resolver(() => Painting)
class GalleryResolver {
  constructor(private readonly db: Db) {}

  @Query(() => [Painting])
  paintings() {
    return this.db.many('select * from book where tenant_id = $1 order by title', this.db.tenantId);
  }

  @ResolveField(() => Painter)
  painter(@Parent() painting: Rows, @Context() context: WithLoader) {
    return this.loaderOf(context).load(painting.writer_id);
  }

  private loaderOf(context: WithLoader): DataLoader<string, Rows> {
    context.loader ??= new DataLoader(async (ids) => {
      const rows = await this.db.many(
        'select * from writer where tenant_id = $1 and id = any($2)',
        this.db.tenantId,
        ids,
      );
      return ids.map((id) => rows.find((row) => row.id === id) ?? new Error('there is no such painter'));
    });
    return context.loader;
  }
}

const loaders: Application = {
  name: 'a DataLoader in the context of each operation',
  schema: LIBRARY,
  imports: [apollo],
  providers: [GalleryResolver],
  seed: plantBook,
  works: (client) => [ask(client, '{ paintings { title painter { name } } }')],
};

@ObjectType()
class PageInfo {
  @Field(() => Boolean) hasNextPage!: boolean;
  @Field(() => String, { nullable: true }) endCursor!: string | null;
}

@ObjectType()
class Film {
  @Field(() => ID) id!: string;
  @Field(() => String) title!: string;
}

@ObjectType()
class FilmEdge {
  @Field(() => String) cursor!: string;
  @Field(() => Film) node!: Film;
}

@ObjectType()
class FilmConnection {
  @Field(() => [FilmEdge]) edges!: FilmEdge[];
  @Field(() => PageInfo) pageInfo!: PageInfo;
  @Field(() => Int) totalCount!: number;
}

@Resolver(() => Film)
class FilmResolver {
  constructor(private readonly db: Db) {}

  @Query(() => FilmConnection)
  async films(
    @Args('first', { type: () => Int, defaultValue: 2 }) first: number,
    @Args('after', { type: () => String, nullable: true }) after?: string,
  ) {
    const rows = await this.db.many(
      'select id, title from film where tenant_id = $1 and id > $2 order by id limit $3',
      this.db.tenantId,
      after ? Number(Buffer.from(after, 'base64').toString().replace('film:', '')) || 0 : 0,
      Math.min(first, 50) + 1,
    );
    const edges = rows
      .slice(0, first)
      .map((node) => ({ cursor: Buffer.from(`film:${node.id}`).toString('base64'), node }));
    const { count } = await this.db.one('select count(*)::int from film where tenant_id = $1', this.db.tenantId);
    return {
      edges,
      totalCount: count,
      pageInfo: { hasNextPage: rows.length > first, endCursor: edges.at(-1)?.cursor ?? null },
    };
  }

  @Mutation(() => Film)
  renameFilm(@Args('id', { type: () => Int }) id: number, @Args('title', { type: () => String }) title: string) {
    return this.db.one(
      'update film set title = $3 where id = $1 and tenant_id = $2 returning id, title',
      id,
      this.db.tenantId,
      title,
    );
  }
}

const connections: Application = {
  name: 'connections with cursors of serial ids, under Mercurius',
  schema: 'create table film (id serial primary key, tenant_id text not null, title text not null);',
  imports: [mercurius],
  providers: [FilmResolver],
  harness: { adapter: () => new FastifyAdapter() },
  seed: async (tenant, { canary, db }) => {
    const title = canary('title');
    const { id } = await db.one('insert into film (tenant_id, title) values ($1, $2) returning id', tenant.id, title);
    return { film: { id, title } };
  },
  works: (client, { film }) => [
    ask(
      client,
      '{ films(first: 1) { totalCount edges { cursor node { title } } pageInfo { hasNextPage endCursor } } }',
    ),
    ask(client, 'mutation ($id: Int!) { renameFilm(id: $id, title: "Heat") { title } }', { id: film.id }),
  ],
};

export const graphql: readonly Application[] = [cyclic, onMercurius, unions, loaders, connections];
