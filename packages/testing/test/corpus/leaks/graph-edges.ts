import { randomUUID } from 'node:crypto';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { BadRequestException, Inject, Injectable, NotFoundException } from '@nestjs/common';
import {
  Args,
  Field,
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
} from '@nestjs/graphql';
import { instead, type Scene, type Twins } from '../leak.js';
import { type Row, Tables } from '../tables.js';

@ObjectType()
class Person {
  @Field(() => ID) id!: string;
  @Field(() => String) name!: string;
}

@ObjectType()
class Remark {
  @Field(() => ID) id!: string;
  @Field(() => String) body!: string;
}

@ObjectType()
class Opening {
  @Field(() => ID) id!: string;
  @Field(() => String) title!: string;
}

@ObjectType()
class Node {
  @Field(() => ID) id!: string;
  @Field(() => String) label!: string;
}

@ObjectType()
class OpeningConnection {
  @Field(() => [Opening]) nodes!: Opening[];
  @Field(() => Int) totalCount!: number;
}

@ObjectType()
class Company {
  @Field(() => String) slug!: string;
  @Field(() => [Opening]) openings!: Opening[];
}

@InputType()
class RemarkInput {
  @Field(() => ID) candidateId!: string;
  @Field(() => String) body!: string;
}

/** Ids that say of which kind they are: `Candidate:…`, in base64. */
@Injectable()
class Nodes extends Tables {
  async find(globalId: string): Promise<Row> {
    const [kind = '', id = ''] = Buffer.from(globalId, 'base64').toString().split(':');
    return { id: globalId, label: (await this.row(kind, id))['label'] };
  }

  protected row(kind: string, id: string): Promise<Row> {
    const statement = STATEMENTS[kind];
    if (!statement) throw new NotFoundException();
    return this.one(`${statement} where id = $1 and tenant_id = $2`, id, this.tenantId);
  }
}

@Injectable()
class Jobs extends Tables {
  async connection(): Promise<Row> {
    const [nodes, { count }] = await Promise.all([this.openings(this.tenantId), this.counted()]);
    return { nodes, totalCount: count };
  }

  company(slug?: string): Promise<Row> {
    if (slug && slug !== this.tenants.current().slug) throw new NotFoundException();
    return this.companyOf(this.tenantId);
  }

  protected async companyOf(tenantId: string): Promise<Row> {
    return { slug: tenantId.replace(/^t_/, ''), openings: await this.openings(tenantId) };
  }

  protected openings(tenantId: string): Promise<Row[]> {
    return this.many('select id, title from job where tenant_id = $1', tenantId);
  }

  protected counted(): Promise<Row> {
    return this.one('select count(*)::int from job where tenant_id = $1', this.tenantId);
  }
}

@Injectable()
class Notes extends Tables {
  all(): Promise<Row[]> {
    return this.many('select id, body, candidate_id from note where tenant_id = $1', this.tenantId);
  }

  some(ids: readonly string[]): Promise<Row[]> {
    return this.many(
      'select id, body, candidate_id from note where id = any($1) and tenant_id = $2',
      ids,
      this.tenantId,
    );
  }

  async candidateOf({ candidate_id }: Row): Promise<Row | null> {
    const [candidate] = await this.candidate(candidate_id);
    return candidate ?? null;
  }

  async create({ candidateId, body }: RemarkInput): Promise<Row> {
    await this.check(candidateId);
    return this.one(
      `insert into note (id, tenant_id, candidate_id, body) values ($1, $2, $3, $4) returning id, body, candidate_id`,
      randomUUID(),
      this.tenantId,
      candidateId,
      body,
    );
  }

  /** Empties the notes, and answers with what was in them. */
  async empty(ids: readonly string[]): Promise<Row[]> {
    const notes = await this.some(ids);
    if (!this.mayEmpty(notes, ids)) throw new BadRequestException();
    await this.many('update note set deleted_at = now() where id = any($1)', ids);
    return notes;
  }

  protected mayEmpty(notes: readonly Row[], ids: readonly string[]): boolean {
    return notes.length === new Set(ids).size;
  }

  protected candidate(id: string): Promise<Row[]> {
    return this.many('select id, name from candidate where id = $1 and tenant_id = $2', id, this.tenantId);
  }

  protected async check(candidateId: string): Promise<void> {
    await this.one('select 1 from candidate where id = $1 and tenant_id = $2', candidateId, this.tenantId);
  }
}

const STATEMENTS: Record<string, string> = {
  Candidate: 'select name as label from candidate',
  Invoice: 'select customer as label from invoice',
};

@Resolver(() => Remark)
class EdgesResolver {
  constructor(
    @Inject(Nodes) private readonly nodes: Nodes,
    @Inject(Jobs) private readonly jobs: Jobs,
    @Inject(Notes) private readonly notes: Notes,
  ) {}

  @Query(() => Node)
  node(@Args('id', { type: () => ID }) id: string) {
    return this.nodes.find(id);
  }

  @Query(() => OpeningConnection, { name: 'jobs' })
  connection() {
    return this.jobs.connection();
  }

  @Query(() => Company)
  company(@Args('slug', { type: () => String, nullable: true }) slug?: string) {
    return this.jobs.company(slug);
  }

  @Query(() => [Remark], { name: 'notes' })
  all() {
    return this.notes.all();
  }

  @Query(() => [Remark])
  notesByIds(@Args('noteIds', { type: () => [ID] }) noteIds: string[]) {
    return this.notes.some(noteIds);
  }

  @ResolveField(() => Person, { nullable: true })
  candidate(@Parent() note: Row) {
    return this.notes.candidateOf(note);
  }

  @Mutation(() => Remark)
  createNote(@Args('input') input: RemarkInput) {
    return this.notes.create(input);
  }

  @Mutation(() => [Remark])
  emptyNotes(@Args('noteIds', { type: () => [ID] }) noteIds: string[]) {
    return this.notes.empty(noteIds);
  }
}

const ask = async ({ acme }: Scene, query: string) => (await acme.post('/graphql', { query })).body;
const idOfNode = (kind: string, id: string) => Buffer.from(`${kind}:${id}`).toString('base64');

export const graphEdges: Twins = {
  about: 'Edges of the graph',
  isLinked: true,
  correct: {
    imports: [GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true })],
    providers: [EdgesResolver, Nodes, Jobs, Notes],
  },
  examples: {
    'graphql Query.node': ({ candidate }) => ({
      body: { id: idOfNode('Candidate', candidate.id) },
    }),
  },
  leaks: [
    {
      name: 'a node by an id that says its kind',
      entrance: 'graphql Query.node',
      leaky: instead(
        Nodes,
        class extends Nodes {
          protected override row(kind: string, id: string) {
            const statement = STATEMENTS[kind];
            if (!statement) throw new NotFoundException();
            return this.one(`${statement} where id = $1`, id);
          }
        },
      ),
      byHand: async (scene) =>
        scene.shows(await ask(scene, `{ node(id: "${idOfNode('Invoice', scene.theirs.invoice.id)}") { label } }`)),
    },
    {
      name: 'a total of a connection that counts all tenants',
      entrance: 'graphql Query.jobs',
      leaky: instead(
        Jobs,
        class extends Jobs {
          protected override counted() {
            return this.one('select count(*)::int from job');
          }
        },
      ),
      byHand: async (scene) => {
        const total = async () => JSON.stringify(await ask(scene, '{ jobs { totalCount } }'));
        const before = await total();
        await scene.plantTheirs();
        return (await total()) !== before;
      },
    },
    {
      name: 'a company by its name, with more than its page shows',
      entrance: 'graphql Query.company',
      leaky: instead(
        Jobs,
        class extends Jobs {
          override company(slug?: string) {
            return this.companyOf(slug ? `t_${slug}` : this.tenantId);
          }
        },
      ),
      byHand: async (scene) => scene.shows(await ask(scene, '{ company(slug: "globex") { openings { title } } }')),
    },
    {
      name: 'a field that follows a link to a row of another tenant',
      entrance: 'graphql Query.notes',
      leaky: instead(
        Notes,
        class extends Notes {
          protected override candidate(id: string) {
            return this.many('select id, name from candidate where id = $1', id);
          }
        },
      ),
      byHand: async (scene) => {
        // Only a row that is planted after globex's can name one of them.
        await scene.harness.plant(scene.harness.tenants[0] as (typeof scene.harness.tenants)[0]);
        return scene.shows(await ask(scene, '{ notes { id candidate { name } } }'));
      },
    },
    {
      name: 'many rows by their ids, without the tenant',
      entrance: 'graphql Query.notesByIds',
      leaky: instead(
        Notes,
        class extends Notes {
          override some(ids: readonly string[]) {
            return this.many('select id, body, candidate_id from note where id = any($1)', ids);
          }
        },
      ),
      byHand: async (scene) =>
        scene.shows(
          await ask(scene, `{ notesByIds(noteIds: ["${scene.ours.note.id}", "${scene.theirs.note.id}"]) { body } }`),
        ),
    },
    {
      name: 'a new row with a link to a row of another tenant, which the answer follows',
      entrance: 'graphql Mutation.createNote',
      leaky: instead(
        Notes,
        class extends Notes {
          protected override async check() {}

          protected override candidate(id: string) {
            return this.many('select id, name from candidate where id = $1', id);
          }
        },
      ),
      byHand: async (scene) =>
        scene.shows(
          await ask(
            scene,
            `mutation { createNote(input: { candidateId: "${scene.theirs.candidate.id}", body: "x" }) { candidate { name } } }`,
          ),
        ),
    },
    {
      name: 'a list of ids of which one has to be right',
      entrance: 'graphql Mutation.emptyNotes',
      leaky: instead(
        Notes,
        class extends Notes {
          protected override mayEmpty(notes: readonly Row[]) {
            return notes.length > 0;
          }
        },
      ),
      byHand: ({ acme, ours, theirs, harms }) =>
        harms(() =>
          acme.post('/graphql', {
            query: `mutation { emptyNotes(noteIds: ["${ours.note.id}", "${theirs.note.id}"]) { id } }`,
          }),
        ),
    },
  ],
};
