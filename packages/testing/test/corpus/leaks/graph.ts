import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Inject, Injectable } from '@nestjs/common';
import {
  Args,
  Field,
  GraphQLModule,
  ID,
  Mutation,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
} from '@nestjs/graphql';
import type { TenantClient } from '../../../src/index.js';
import { instead, type Twins } from '../leak.js';
import { type Row, Tables } from '../tables.js';

@ObjectType()
class Application {
  @Field(() => ID) id!: string;
  @Field(() => String) letter!: string;
}

@ObjectType()
class Job {
  @Field(() => ID) id!: string;
  @Field(() => String) title!: string;
  @Field(() => String) category!: string;
}

@Injectable()
class Graph extends Tables {
  job(id: string): Promise<Row> {
    return this.one('select * from job where id = $1 and tenant_id = $2', id, this.tenantId);
  }

  similar({ category }: Row): Promise<Row[]> {
    return this.many('select * from job where category = $1 and tenant_id = $2', category, this.tenantId);
  }

  applications(jobId: string): Promise<Row[]> {
    return this.many('select * from application where job_id = $1 and tenant_id = $2', jobId, this.tenantId);
  }

  rename(id: string, title: string): Promise<Row> {
    return this.one('update job set title = $3 where id = $1 and tenant_id = $2 returning *', id, this.tenantId, title);
  }
}

@Resolver(() => Job)
class JobResolver {
  constructor(@Inject(Graph) private readonly graph: Graph) {}

  @Query(() => Job)
  job(@Args('id', { type: () => ID }) id: string) {
    return this.graph.job(id);
  }

  @Query(() => [Application])
  applications(@Args('jobId', { type: () => ID }) jobId: string) {
    return this.graph.applications(jobId);
  }

  @ResolveField(() => [Job])
  similar(@Parent() job: Row) {
    return this.graph.similar(job);
  }

  @Mutation(() => Job)
  renameJob(@Args('id', { type: () => ID }) id: string, @Args('title', { type: () => String }) title: string) {
    return this.graph.rename(id, title);
  }
}

const ask = (client: TenantClient, query: string, id: string) =>
  client.post('/graphql', { query, variables: { id, title: 'x' } });

export const graph: Twins = {
  about: 'GraphQL',
  correct: {
    imports: [
      GraphQLModule.forRoot<ApolloDriverConfig>({
        driver: ApolloDriver,
        autoSchemaFile: true,
        graphiql: false,
        context: ({ req }: { req: object }) => ({ req }),
      }),
    ],
    providers: [Graph, JobResolver],
  },
  leaks: [
    {
      name: 'a GraphQL query by id',
      entrance: 'graphql Query.job',
      caughtBy: ['foreign-id'],
      leaky: instead(
        Graph,
        class extends Graph {
          override job(id: string) {
            return this.one('select * from job where id = $1', id);
          }
        },
      ),
      byHand: async ({ acme, theirs, shows }) =>
        shows(await ask(acme, 'query ($id: ID!) { job(id: $id) { title } }', theirs.job.id)),
    },
    {
      name: 'a GraphQL query by a foreign key',
      entrance: 'graphql Query.applications',
      caughtBy: ['foreign-id'],
      leaky: instead(
        Graph,
        class extends Graph {
          override applications(jobId: string) {
            return this.many('select * from application where job_id = $1', jobId);
          }
        },
      ),
      byHand: async ({ acme, theirs, shows }) =>
        shows(await ask(acme, 'query ($id: ID!) { applications(jobId: $id) { letter } }', theirs.job.id)),
    },
    {
      name: 'a nested field of GraphQL',
      entrance: 'graphql Query.job',
      caughtBy: ['own'],
      leaky: instead(
        Graph,
        class extends Graph {
          override similar({ category }: Row) {
            return this.many('select * from job where category = $1', category);
          }
        },
      ),
      byHand: async ({ acme, ours, shows }) =>
        shows(await ask(acme, 'query ($id: ID!) { job(id: $id) { similar { title } } }', ours.job.id)),
    },
    {
      name: 'a GraphQL mutation by id',
      entrance: 'graphql Mutation.renameJob',
      caughtBy: ['foreign-id'],
      leaky: instead(
        Graph,
        class extends Graph {
          override rename(id: string, title: string) {
            return this.one('update job set title = $2 where id = $1 returning *', id, title);
          }
        },
      ),
      byHand: ({ acme, theirs, harms }) =>
        harms(() =>
          ask(acme, 'mutation ($id: ID!, $title: String!) { renameJob(id: $id, title: $title) { id } }', theirs.job.id),
        ),
    },
  ],
};
