import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Inject, Injectable, NotFoundException } from '@nestjs/common';
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
class Candidate {
  @Field(() => ID) id!: string;
  @Field(() => String) name!: string;
}

@ObjectType()
class Invoice {
  @Field(() => ID) id!: string;
  @Field(() => String) customer!: string;
}

@ObjectType()
class Note {
  @Field(() => ID) id!: string;
  @Field(() => String) body!: string;
}

@ObjectType()
class Job {
  @Field(() => ID) id!: string;
  @Field(() => String) title!: string;
}

@ObjectType()
class Hit {
  @Field(() => ID) id!: string;
  @Field(() => String) text!: string;
}

@InputType()
class InvoiceFilter {
  @Field(() => String, { nullable: true }) customer?: string;
  @Field(() => ID, { nullable: true }) tenantId?: string;
}

@InputType()
class JobInput {
  @Field(() => ID) id!: string;
  @Field(() => String, { nullable: true }) title?: string;
  @Field(() => String, { nullable: true }) category?: string;
}

@Injectable()
class Candidates extends Tables {
  async find(id?: string, email?: string): Promise<Row> {
    if (id) return this.one('select id, name from candidate where id = $1 and tenant_id = $2', id, this.tenantId);
    if (!email) throw new NotFoundException();
    return this.byEmail(email);
  }

  protected byEmail(email: string): Promise<Row> {
    return this.one('select id, name from candidate where email = $1 and tenant_id = $2', email, this.tenantId);
  }
}

@Injectable()
class Notes extends Tables {
  all(includeDeleted = false): Promise<Row[]> {
    return this.many(
      'select id, body from note where (deleted_at is null or $1) and tenant_id = $2',
      includeDeleted,
      this.tenantId,
    );
  }
}

@Injectable()
class Invoices extends Tables {
  find({ customer }: InvoiceFilter = {}): Promise<Row[]> {
    return this.of({ tenantId: this.tenantId, ...(customer && { customer }) });
  }

  protected of({ tenantId, customer }: InvoiceFilter): Promise<Row[]> {
    return this.many(
      'select id, customer from invoice where tenant_id = $1 and customer = coalesce($2, customer)',
      tenantId,
      customer,
    );
  }
}

@Injectable()
class Jobs extends Tables {
  page(first = 5, after?: string): Promise<Row[]> {
    return after ? this.after(first, after) : this.newest(first);
  }

  applications(id: string, search?: string): Promise<Row[]> {
    return search ? this.searched(id, search) : this.received(id);
  }

  async change({ id, title, category }: JobInput): Promise<Row> {
    if (title) await this.rename(id, title);
    if (category) await this.move(id, category);
    return this.one('select id, title from job where id = $1 and tenant_id = $2', id, this.tenantId);
  }

  protected async rename(id: string, title: string): Promise<void> {
    await this.many('update job set title = $3 where id = $1 and tenant_id = $2', id, this.tenantId, title);
  }

  protected async move(id: string, category: string): Promise<void> {
    await this.many('update job set category = $3 where id = $1 and tenant_id = $2', id, this.tenantId, category);
  }

  protected received(id: string): Promise<Row[]> {
    return this.many(
      'select id, letter as text from application where job_id = $1 and tenant_id = $2',
      id,
      this.tenantId,
    );
  }

  protected searched(id: string, search: string): Promise<Row[]> {
    return this.many(
      `select id, letter as text from application where tenant_id = $1 and job_id = $2
          and (letter ilike $3 or candidate_id = $4)`,
      this.tenantId,
      id,
      `%${search}%`,
      search,
    );
  }

  protected after(first: number, cursor: string): Promise<Row[]> {
    return this.many(
      `select id, title from job where tenant_id = $1 and created_at < to_timestamp($2)
        order by created_at desc limit $3`,
      this.tenantId,
      cursor,
      first,
    );
  }

  private newest(first: number): Promise<Row[]> {
    return this.many(
      'select id, title from job where tenant_id = $1 order by created_at desc limit $2',
      this.tenantId,
      first,
    );
  }
}

@Injectable()
class Search extends Tables {
  async search(text: string, kinds: readonly string[] = ['job']): Promise<Row[]> {
    const found = await Promise.all(kinds.map((kind) => this.searchIn(kind, `%${text}%`)));
    return found.flat();
  }

  protected searchIn(kind: string, pattern: string): Promise<Row[]> | Row[] {
    switch (kind) {
      case 'job':
        return this.many(
          'select id, title as text from job where title like $1 and tenant_id = $2',
          pattern,
          this.tenantId,
        );
      case 'note':
        return this.notes(pattern);
      default:
        return [];
    }
  }

  protected notes(pattern: string): Promise<Row[]> {
    return this.many('select id, body as text from note where body like $1 and tenant_id = $2', pattern, this.tenantId);
  }
}

@Resolver(() => Job)
class OptionalResolver {
  constructor(
    @Inject(Candidates) private readonly candidates: Candidates,
    @Inject(Notes) private readonly notes: Notes,
    @Inject(Invoices) private readonly invoices: Invoices,
    @Inject(Jobs) private readonly jobs: Jobs,
    @Inject(Search) private readonly found: Search,
  ) {}

  @Query(() => Candidate)
  candidate(
    @Args('id', { type: () => ID, nullable: true }) id?: string,
    @Args('email', { type: () => String, nullable: true }) email?: string,
  ) {
    return this.candidates.find(id, email);
  }

  @Query(() => [Note], { name: 'notes' })
  allNotes(@Args('includeDeleted', { type: () => Boolean, nullable: true }) includeDeleted?: boolean) {
    return this.notes.all(includeDeleted);
  }

  @Query(() => [Invoice], { name: 'invoices' })
  findInvoices(@Args('filter', { type: () => InvoiceFilter, nullable: true }) filter?: InvoiceFilter) {
    return this.invoices.find(filter);
  }

  @Query(() => [Job], { name: 'jobs' })
  page(
    @Args('first', { type: () => Int, nullable: true }) first?: number,
    @Args('after', { type: () => String, nullable: true }) after?: string,
  ) {
    return this.jobs.page(first, after);
  }

  @Query(() => [Hit])
  search(@Args('text') text: string, @Args('kinds', { type: () => [String], nullable: true }) kinds?: string[]) {
    return this.found.search(text, kinds);
  }

  @ResolveField(() => [Hit])
  applications(@Parent() { id }: Job, @Args('search', { type: () => String, nullable: true }) search?: string) {
    return this.jobs.applications(id, search);
  }

  @Mutation(() => Job)
  changeJob(@Args('input') input: JobInput) {
    return this.jobs.change(input);
  }
}

const ask = async ({ acme }: Scene, query: string) => (await acme.post('/graphql', { query })).body;

export const optionalArguments: Twins = {
  about: 'Arguments of GraphQL that may be left out',
  correct: {
    imports: [GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true })],
    providers: [OptionalResolver, Candidates, Notes, Invoices, Jobs, Search],
  },
  leaks: [
    {
      name: 'a second key to a row, which forgets the tenant',
      entrance: 'graphql Query.candidate',
      leaky: instead(
        Candidates,
        class extends Candidates {
          protected override byEmail(email: string) {
            return this.one('select id, name from candidate where email = $1', email);
          }
        },
      ),
      byHand: async (scene) =>
        scene.shows(await ask(scene, `{ candidate(email: "${scene.theirs.candidate.email}") { name } }`)),
    },
    {
      name: 'a flag that opens the condition on the tenant as well',
      entrance: 'graphql Query.notes',
      leaky: instead(
        Notes,
        class extends Notes {
          override all(includeDeleted = false) {
            return this.many(
              'select id, body from note where deleted_at is null and tenant_id = $2 or $1',
              includeDeleted,
              this.tenantId,
            );
          }
        },
      ),
      byHand: async (scene) => scene.shows(await ask(scene, '{ notes(includeDeleted: true) { body } }')),
    },
    {
      name: 'a filter of which the tenant is a part',
      entrance: 'graphql Query.invoices',
      leaky: instead(
        Invoices,
        class extends Invoices {
          override find(filter: InvoiceFilter = {}) {
            return this.of({ tenantId: this.tenantId, ...filter });
          }
        },
      ),
      byHand: async (scene) =>
        scene.shows(
          await ask(scene, `{ invoices(filter: { tenantId: "${scene.theirs.job.tenantId}" }) { customer } }`),
        ),
    },
    {
      name: 'what comes after a cursor, of all tenants',
      entrance: 'graphql Query.jobs',
      leaky: instead(
        Jobs,
        class extends Jobs {
          protected override after(first: number, cursor: string) {
            return this.many(
              'select id, title from job where created_at < to_timestamp($1) order by created_at desc limit $2',
              cursor,
              first,
            );
          }
        },
      ),
      byHand: async (scene) => scene.shows(await ask(scene, '{ jobs(first: 50, after: "4102444800") { title } }')),
    },
    {
      name: 'another kind of row that is searched, without the tenant',
      entrance: 'graphql Query.search',
      leaky: instead(
        Search,
        class extends Search {
          protected override notes(pattern: string) {
            return this.many('select id, body as text from note where body like $1', pattern);
          }
        },
      ),
      byHand: async (scene) =>
        scene.shows(await ask(scene, '{ search(text: "canary", kinds: ["job", "note"]) { text } }')),
    },
    {
      name: 'a nested search with an OR that is not in parentheses',
      entrance: 'graphql Query.jobs',
      leaky: instead(
        Jobs,
        class extends Jobs {
          protected override searched(id: string, search: string) {
            return this.many(
              `select id, letter as text from application where tenant_id = $1 and job_id = $2 and letter ilike $3
                  or candidate_id = $4 or letter ilike $3`,
              this.tenantId,
              id,
              `%${search}%`,
              search,
            );
          }
        },
      ),
      byHand: async (scene) => scene.shows(await ask(scene, '{ jobs { id applications(search: "canary") { text } } }')),
    },
    {
      name: 'a field that may be changed as well, in rows of anybody',
      entrance: 'graphql Mutation.changeJob',
      leaky: instead(
        Jobs,
        class extends Jobs {
          protected override async move(id: string, category: string) {
            await this.many('update job set category = $2 where id = $1', id, category);
          }
        },
      ),
      byHand: async (scene) =>
        scene.harms(() =>
          ask(scene, `mutation { changeJob(input: { id: "${scene.theirs.job.id}", category: "sales" }) { id } }`),
        ),
    },
  ],
};
