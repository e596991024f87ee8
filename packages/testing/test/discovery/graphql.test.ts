import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Module } from '@nestjs/common';
import {
  Args,
  createUnionType,
  Field,
  GraphQLModule,
  ID,
  InputType,
  Int,
  InterfaceType,
  Mutation,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { Untenanted } from '@tenancy/core';
import { describe, expect, it } from 'vitest';
import type { Planted } from '../../src/canaries/planted.js';
import { exampleRequest } from '../../src/discovery/example-request.js';
import { type AdapterName, type Discovered, discoveredInTest } from './discovered.js';

@InterfaceType({ resolveType: () => 'Job' })
abstract class Named {
  @Field(() => ID) id!: string;
  @Field(() => String) title!: string;
}

@ObjectType({ implements: () => [Named] })
class Job extends Named {
  @Field(() => String) secret!: string;
}

@ObjectType()
class Candidate {
  @Field(() => ID) id!: string;
  @Field(() => String) email!: string;
  // What a job has too, as something else.
  @Field(() => Int) title!: number;
}

@ObjectType()
class Note {
  @Field(() => String) text!: string;
}

const Found = createUnionType({
  name: 'Found',
  types: () => [Job, Candidate] as const,
  resolveType: (value: object) => ('email' in value ? 'Candidate' : 'Job'),
});

@InputType()
class JobInput {
  @Field(() => String) title!: string;
  @Field(() => ID, { nullable: true }) candidateId?: string;
  @Field(() => ID, { nullable: true }) unknownId?: string;
}

const job = (id: string) => ({ id, title: `title of ${id}`, secret: `secret of ${id}` });
const candidate = { id: 'c1', email: 'c1@example.test', title: 7 };

@Resolver(() => Job)
class JobsResolver {
  @Query(() => [Job])
  jobs(@Args('search', { type: () => String, nullable: true }) search?: string) {
    return search === undefined || search === 'canary' ? [job('j1'), job('j2')] : [];
  }

  @Query(() => Job, { name: 'jobById' })
  byId(@Args('id', { type: () => ID }) id: string, @Args('limit', { type: () => Int, defaultValue: 3 }) _: number) {
    return job(id);
  }

  @Query(() => Named)
  named() {
    return job('j3');
  }

  @Query(() => [Found])
  found() {
    return [job('j4'), candidate];
  }

  @Mutation(() => Job)
  createJob(@Args('input', { type: () => JobInput }) input: JobInput) {
    return { ...job('new'), title: `${input.title} ${input.candidateId} ${input.unknownId}` };
  }

  @Untenanted()
  @Query(() => String)
  health() {
    return 'up';
  }

  @Subscription(() => Job)
  jobClosed() {
    return [][Symbol.iterator]();
  }

  @ResolveField(() => [Candidate])
  candidates(@Parent() _: Job) {
    return [candidate];
  }

  @ResolveField(() => Candidate)
  candidate(@Args('id', { type: () => ID }) id: string) {
    return { ...candidate, id };
  }
}

@Resolver(() => Candidate)
class CandidatesResolver {
  @ResolveField(() => [Note])
  notes() {
    return [{ text: 'a note' }];
  }
}

@Resolver(() => Note)
class NotesResolver {
  // Four objects away from jobs, two from `found`.
  @ResolveField(() => [Job])
  jobs() {
    return [job('deep')];
  }
}

const providers = [JobsResolver, CandidatesResolver, NotesResolver];

const servers: Readonly<Record<AdapterName, (more: object) => ReturnType<typeof GraphQLModule.forRoot>>> = {
  Express: (more) =>
    GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true, graphiql: false, ...more }),
  Fastify: (more) =>
    GraphQLModule.forRoot<MercuriusDriverConfig>({
      driver: MercuriusDriver,
      autoSchemaFile: true,
      graphiql: false,
      ...more,
    }),
};

const discover = discoveredInTest();

const PLANTED: Planted = { job: { id: 'j9', title: 'canary title' }, candidates: [{ id: 'c9' }] };
const request = ({ find }: Discovered, id: string) => {
  const { route } = find(id);
  if (!route) throw new Error('It has no route.');
  const guess = exampleRequest(route, PLANTED, { canary: (name) => `canary ${name}`, given: {} });
  if ('unknown' in guess) throw new Error(guess.unknown);
  return guess;
};

describe.each(['Express', 'Fastify'] as const)('GraphQL on %s', (adapter: AdapterName) => {
  const start = async (more: object = {}, configure: Parameters<typeof discover>[2] = () => {}) => {
    @Module({ imports: [servers[adapter](more)], providers })
    class AppModule {}
    return discover(AppModule, adapter, configure);
  };

  it('finds each field of Query, Mutation and Subscription, and what no document reaches', async () => {
    const { ids, find } = await start();
    expect([...ids].sort()).toEqual(
      [
        'graphql Query.jobs',
        'graphql Query.jobById',
        'graphql Query.named',
        'graphql Query.found',
        'graphql Query.health',
        'graphql Mutation.createJob',
        'graphql Subscription.jobClosed',
        // It needs an argument of its own.
        'graphql Job.candidate',
      ].sort(),
    );
    expect(find('graphql Query.jobById')).toMatchObject({ handler: 'JobsResolver.byId', isUntenanted: false });
    expect(find('graphql Query.health').isUntenanted).toBe(true);
    expect(find('graphql Subscription.jobClosed').route).toBeNull();
    expect(find('graphql Job.candidate')).toMatchObject({
      handler: 'JobsResolver.candidate',
      route: { method: 'POST', path: '/graphql', body: 'unknown' },
    });
  });

  it('guesses operations that the server takes, with what hangs on their fields', async () => {
    const application = await start();
    const answers: Record<string, unknown> = {};
    for (const { id, route } of application.entrances) {
      if (!route?.document) continue;
      const answer = (await application.send(request(application, id))) as {
        body: { data?: object; errors?: unknown };
      };
      expect(answer.body.errors, id).toBeUndefined();
      Object.assign(answers, answer.body.data);
    }
    const candidates = [{ ...candidate, notes: [{ text: 'a note' }] }];
    expect(answers).toMatchObject({
      health: 'up',
      // Found by the word that is in what was planted.
      jobs: [{ ...job('j1'), candidates }, job('j2')],
      // The row that was planted.
      jobById: job('j9'),
      createJob: { title: 'canary title c9 undefined' },
      named: { __typename: 'Job', id: 'j3', title: 'title of j3', Job_secret: 'secret of j3' },
      found: [
        { __typename: 'Job', Job_title: 'title of j4', Job_candidates: candidates },
        { __typename: 'Candidate', Candidate_email: 'c1@example.test', Candidate_title: 7 },
      ],
    });
    const found = (answers as { found: { Candidate_notes: { jobs: unknown[] }[] }[] }).found[1];
    expect(found?.Candidate_notes[0]?.jobs).toMatchObject([job('deep')]);
  });

  it('knows its address, under a prefix too', async () => {
    const application = await start({ path: 'api/ql', useGlobalPrefix: true }, (app) => app.setGlobalPrefix('v1'));
    expect(application.ids).toContain('graphql Query.jobs');
    expect(application.ids.filter((id) => !id.startsWith('graphql '))).toEqual([]);
    expect(application.find('graphql Query.jobs').route?.path).toBe('/v1/api/ql');
    expect(await application.send(request(application, 'graphql Query.health'))).toMatchObject({
      body: { data: { health: 'up' } },
    });
  });
});

it('tells the same fields of two GraphQL servers in one application apart', async () => {
  @Resolver()
  class AdminResolver {
    @Query(() => String)
    health() {
      return 'admin';
    }
  }
  @Module({ providers: [AdminResolver] })
  class AdminModule {}
  @Module({ providers })
  class JobsModule {}
  @Module({
    imports: [
      AdminModule,
      JobsModule,
      servers.Express({ path: '/admin', include: [AdminModule] }),
      servers.Express({ path: '/graphql', include: [JobsModule] }),
    ],
  })
  class AppModule {}
  const application = await discover(AppModule, 'Express');
  expect(new Set(application.ids).size).toBe(application.ids.length);
  expect(application.ids).toContain('graphql Query.health (/admin)');
  expect(application.ids).toContain('graphql Query.health (/graphql)');
  expect(await application.send(request(application, 'graphql Query.health (/admin)'))).toMatchObject({
    body: { data: { health: 'admin' } },
  });
});
