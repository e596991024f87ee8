import {
  Body,
  Controller,
  ForbiddenException,
  Get,
  Inject,
  Injectable,
  Logger,
  NotFoundException,
  Param,
  Post,
  Query,
} from '@nestjs/common';
import { instead, type Twins } from '../leak.js';
import { type Row, Tables } from '../tables.js';

@Injectable()
class Jobs extends Tables {
  find(id: string) {
    return this.one('select id, title from job where id = $1 and tenant_id = $2', id, this.tenantId);
  }

  some(ids: readonly string[]) {
    return this.many('select id, title from job where id = any($1) and tenant_id = $2', ids, this.tenantId);
  }

  copy(id: string) {
    return this.one(
      `insert into job (id, tenant_id, title, salary)
       select gen_random_uuid(), $2, title, salary from job where id = $1 and tenant_id = $2 returning id, title`,
      id,
      this.tenantId,
    );
  }

  ofCompany(slug: string) {
    if (slug !== this.tenants.current().slug) throw new NotFoundException();
    return this.many('select id, title from job where tenant_id = $1', this.tenantId);
  }

  similar(id: string) {
    return this.many(
      `select s.id, s.title from job j join job s on s.category = j.category and s.tenant_id = j.tenant_id
        where j.id = $1 and j.tenant_id = $2`,
      id,
      this.tenantId,
    );
  }
}

@Injectable()
class Applications extends Tables {
  of(jobId: string) {
    return this.many('select id, letter from application where job_id = $1 and tenant_id = $2', jobId, this.tenantId);
  }

  async apply({ job, candidate, letter }: Application): Promise<Row> {
    await this.one('select 1 from job where id = $1 and tenant_id = $2', job.id, this.tenantId);
    const { name } = await this.one(
      'select name from candidate where id = $1 and tenant_id = $2',
      candidate.id,
      this.tenantId,
    );
    return { name, ...(await this.insert(job.id, candidate.id, letter)) };
  }

  refused(id: string) {
    return this.one('select id, letter from application where id = $1 and tenant_id = $2', id, this.tenantId);
  }

  protected insert(jobId: string, candidateId: string, letter: string) {
    return this.one(
      `insert into application (id, tenant_id, job_id, candidate_id, letter) values (gen_random_uuid(), $1, $2, $3, $4)
       returning id, letter`,
      this.tenantId,
      jobId,
      candidateId,
      letter,
    );
  }
}

interface Application {
  readonly job: { readonly id: string };
  readonly candidate: { readonly id: string };
  readonly letter: string;
}

/** A letter about a job, or about an application: each kind has another id. */
type Letter = { readonly kind: 'offer'; readonly about: string } | { readonly kind: 'refusal'; readonly to: string };

@Injectable()
class Candidates extends Tables {
  protected readonly logger = new Logger('Candidates');

  find(id: string) {
    return this.one('select id, name from candidate where id = $1 and tenant_id = $2', id, this.tenantId);
  }
}

@Controller()
class OneRowController {
  constructor(
    @Inject(Jobs) private readonly jobs: Jobs,
    @Inject(Applications) private readonly applications: Applications,
    @Inject(Candidates) private readonly candidates: Candidates,
  ) {}

  @Get('jobs/:id')
  job(@Param('id') id: string) {
    return this.jobs.find(id);
  }

  @Get('jobs/:id/similar')
  similar(@Param('id') id: string) {
    return this.jobs.similar(id);
  }

  @Post('jobs/:id/copy')
  copy(@Param('id') id: string) {
    return this.jobs.copy(id);
  }

  @Post('jobs/compare')
  compare(@Body() { ids }: { ids: readonly string[] }) {
    return this.jobs.some(ids);
  }

  @Get('companies/:slug/jobs')
  ofCompany(@Param('slug') slug: string) {
    return this.jobs.ofCompany(slug);
  }

  @Get('applications')
  ofJob(@Query('jobId') jobId: string) {
    return this.applications.of(jobId);
  }

  @Post('applications')
  apply(@Body() application: Application) {
    return this.applications.apply(application);
  }

  @Post('letters')
  write(@Body() letter: Letter) {
    return letter.kind === 'offer' ? this.jobs.find(letter.about) : this.applications.refused(letter.to);
  }

  @Get('candidates/:id')
  candidate(@Param('id') id: string) {
    return this.candidates.find(id);
  }
}

export const oneRow: Twins = {
  about: 'Rows by their ids',
  correct: { controllers: [OneRowController], providers: [Jobs, Applications, Candidates] },
  examples: {
    'POST /jobs/compare': ({ job }) => ({ body: { ids: [(job as { id: string }).id] } }),
    'POST /applications': ({ job, candidate }, { canary }) => ({
      body: { job: id(job), candidate: id(candidate), letter: canary('letter') },
    }),
    'POST /letters': [
      ({ job }) => ({ body: { kind: 'offer', about: id(job).id } }),
      ({ application }) => ({ body: { kind: 'refusal', to: id(application).id } }),
    ],
    'GET /companies/:slug/jobs': (_, { tenant }) => ({ path: { slug: tenant.slug } }),
  },
  leaks: [
    {
      name: 'an id in the path, looked up without the tenant',
      entrance: 'GET /jobs/:id',
      caughtBy: ['foreign-id'],
      leaky: instead(
        Jobs,
        class extends Jobs {
          override find(id: string) {
            return this.one('select id, title from job where id = $1', id);
          }
        },
      ),
      byHand: async ({ acme, theirs, shows }) => shows(await acme.get(`/jobs/${theirs.job.id}`)),
    },
    {
      name: 'an id in the query string, looked up without the tenant',
      entrance: 'GET /applications',
      caughtBy: ['foreign-id'],
      leaky: instead(
        Applications,
        class extends Applications {
          override of(jobId: string) {
            return this.many('select id, letter from application where job_id = $1', jobId);
          }
        },
      ),
      byHand: async ({ acme, theirs, shows }) =>
        shows(await acme.get('/applications', { query: { jobId: theirs.job.id } })),
    },
    {
      name: 'a list of ids, of which each is looked up without the tenant',
      entrance: 'POST /jobs/compare',
      caughtBy: ['foreign-id'],
      leaky: instead(
        Jobs,
        class extends Jobs {
          override some(ids: readonly string[]) {
            return this.many('select id, title from job where id = any($1)', ids);
          }
        },
      ),
      byHand: async ({ acme, ours, theirs, shows }) =>
        shows(await acme.post('/jobs/compare', { ids: [ours.job.id, theirs.job.id] })),
    },
    {
      name: 'a nested id in the body, looked up without the tenant',
      entrance: 'POST /applications',
      caughtBy: ['foreign-id'],
      leaky: instead(
        Applications,
        class extends Applications {
          override async apply({ job, candidate, letter }: Application) {
            await this.one('select 1 from job where id = $1 and tenant_id = $2', job.id, this.tenantId);
            const { name } = await this.one('select name from candidate where id = $1', candidate.id);
            return { name, ...(await this.insert(job.id, candidate.id, letter)) };
          }
        },
      ),
      byHand: async ({ acme, ours, theirs, shows }) =>
        shows(await acme.post('/applications', { job: id(ours.job), candidate: id(theirs.candidate), letter: 'x' })),
    },
    {
      name: 'a foreign key in the body that nobody checks',
      entrance: 'POST /applications',
      caughtBy: ['existence'],
      leaky: instead(
        Applications,
        class extends Applications {
          override async apply({ job, candidate, letter }: Application) {
            // As a foreign key of the database would: it is there, whosever it is.
            await this.one('select 1 from job where id = $1', job.id);
            await this.one('select 1 from candidate where id = $1', candidate.id);
            return this.insert(job.id, candidate.id, letter);
          }
        },
      ),
      byHand: async ({ acme, ours, theirs }) =>
        (await acme.post('/applications', { job: id(theirs.job), candidate: id(ours.candidate), letter: 'x' }))
          .status === 201,
    },
    {
      name: 'a copy of a row, made without the tenant',
      entrance: 'POST /jobs/:id/copy',
      caughtBy: ['foreign-id'],
      leaky: instead(
        Jobs,
        class extends Jobs {
          override copy(id: string) {
            return this.one(
              `insert into job (id, tenant_id, title, salary)
               select gen_random_uuid(), $2, title, salary from job where id = $1 returning id, title`,
              id,
              this.tenantId,
            );
          }
        },
      ),
      byHand: async ({ acme, theirs, shows }) => shows(await acme.post(`/jobs/${theirs.job.id}/copy`)),
    },
    {
      name: 'an id that only one kind of request has',
      entrance: 'POST /letters',
      caughtBy: ['foreign-id'],
      leaky: instead(
        Applications,
        class extends Applications {
          override refused(application: string) {
            return this.one('select id, letter from application where id = $1', application);
          }
        },
      ),
      byHand: async ({ acme, theirs, shows }) =>
        shows(await acme.post('/letters', { kind: 'refusal', to: theirs.application.id })),
    },
    {
      name: 'a join that drops the tenant',
      entrance: 'GET /jobs/:id/similar',
      caughtBy: ['own'],
      leaky: instead(
        Jobs,
        class extends Jobs {
          override similar(id: string) {
            return this.many(
              `select s.id, s.title from job j join job s on s.category = j.category
                where j.id = $1 and j.tenant_id = $2`,
              id,
              this.tenantId,
            );
          }
        },
      ),
      byHand: async ({ acme, ours, shows }) => shows(await acme.get(`/jobs/${ours.job.id}/similar`)),
    },
    {
      name: 'a tenant that the path names',
      entrance: 'GET /companies/:slug/jobs',
      caughtBy: ['foreign-id'],
      leaky: instead(
        Jobs,
        class extends Jobs {
          override ofCompany(slug: string) {
            return this.many('select id, title from job where tenant_id = $1', `t_${slug}`);
          }
        },
      ),
      byHand: async ({ acme, shows }) => shows(await acme.get('/companies/globex/jobs')),
    },
    {
      name: 'a row that is forbidden rather than unknown',
      entrance: 'GET /candidates/:id',
      caughtBy: ['existence'],
      leaky: instead(
        Candidates,
        class extends Candidates {
          override async find(id: string) {
            const candidate = await this.one('select id, name, tenant_id from candidate where id = $1', id);
            if (candidate['tenant_id'] !== this.tenantId) throw new ForbiddenException();
            return candidate;
          }
        },
      ),
      byHand: async ({ acme, theirs }) =>
        (await acme.get(`/candidates/${theirs.candidate.id}`)).status !== (await acme.get('/candidates/no')).status,
    },
    {
      name: "an error message with another tenant's value",
      entrance: 'GET /candidates/:id',
      caughtBy: ['foreign-id', 'existence'],
      leaky: instead(
        Candidates,
        class extends Candidates {
          override async find(id: string) {
            const candidate = await this.one('select id, name, tenant_id from candidate where id = $1', id);
            if (candidate['tenant_id'] === this.tenantId) return candidate;
            throw new NotFoundException(`${candidate['name']} has not applied to you.`);
          }
        },
      ),
      byHand: async ({ acme, theirs, shows }) => shows(await acme.get(`/candidates/${theirs.candidate.id}`)),
    },
    {
      name: "a log line of an error with another tenant's row",
      entrance: 'GET /candidates/:id',
      caughtBy: ['foreign-id'],
      leaky: instead(
        Candidates,
        class extends Candidates {
          override async find(id: string) {
            const candidate = await this.one('select id, name, tenant_id from candidate where id = $1', id);
            if (candidate['tenant_id'] === this.tenantId) return candidate;
            this.logger.warn({ refused: candidate, to: this.tenantId });
            throw new NotFoundException();
          }
        },
      ),
      byHand: async ({ harness, acme, theirs, shows }) =>
        shows((await harness.recorder.record(() => acme.get(`/candidates/${theirs.candidate.id}`))).log),
    },
  ],
};

const id = (row: unknown) => ({ id: (row as { id: string }).id });
