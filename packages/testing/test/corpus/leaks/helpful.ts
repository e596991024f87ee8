import { randomUUID } from 'node:crypto';
import {
  BadRequestException,
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Injectable,
  Post,
  Put,
  Query,
  ValidationPipe,
} from '@nestjs/common';
import { IsEmail, IsOptional, IsString } from 'class-validator';
import { instead, type Twins } from '../leak.js';
import { type Row, Tables } from '../tables.js';

class CandidateBody {
  @IsString() name!: string;
  @IsEmail() email!: string;
}

class NoteBody {
  @IsString() candidateId!: string;
  @IsString() body!: string;
}

class JobBody {
  @IsString() title!: string;
  @IsOptional() @IsString() templateId?: string;
}

class ApplicationBody {
  @IsString() jobId!: string;
  @IsString() letter!: string;
}

class StatusBody {
  @IsString() status!: string;
}

class RenderBody {
  @IsString() template!: string;
}

@Injectable()
class Candidates extends Tables {
  async create({ name, email }: CandidateBody): Promise<Row> {
    const possibleDuplicates = await this.alike(email);
    const candidate = await this.one(
      'insert into candidate (id, tenant_id, name, email) values ($1, $2, $3, $4) returning id, name',
      randomUUID(),
      this.tenantId,
      name,
      email,
    );
    return { ...candidate, possibleDuplicates };
  }

  async search(query: string): Promise<{ items: Row[]; didYouMean: string | null }> {
    const items = await this.many(
      'select id, name from candidate where tenant_id = $1 and name ilike $2',
      this.tenantId,
      `%${query}%`,
    );
    if (items.length > 0) return { items, didYouMean: null };
    const [nearest] = await this.nearest(query);
    return { items, didYouMean: nearest?.['name'] ?? null };
  }

  protected alike(email: string): Promise<Row[]> {
    return this.many(
      'select name from candidate where lower(email) = lower($1) and tenant_id = $2',
      email,
      this.tenantId,
    );
  }

  protected nearest(query: string): Promise<Row[]> {
    return this.many(
      `select name from candidate where tenant_id = $1 and name ilike left($2, 5) || '%' order by name limit 1`,
      this.tenantId,
      query,
    );
  }
}

/** Whoever is mentioned in a note is named in it. */
@Injectable()
class Notes extends Tables {
  async create({ candidateId, body }: NoteBody): Promise<Row> {
    const emails = [...body.matchAll(/@([\w.+-]+@[\w.-]+\w)/g)].map(([, email]) => email);
    const mentioned = await this.people(emails);
    const note = await this.one(
      `insert into note (id, tenant_id, candidate_id, body)
       select $1, $2, id, $4 from candidate where id = $3 and tenant_id = $2 returning id, body`,
      randomUUID(),
      this.tenantId,
      candidateId,
      body,
    );
    return { ...note, mentioned: mentioned.map(({ name }) => name) };
  }

  protected people(emails: readonly unknown[]): Promise<Row[]> {
    return this.many('select name from candidate where email = any($1) and tenant_id = $2', emails, this.tenantId);
  }
}

@Injectable()
class Jobs extends Tables {
  async create({ title, templateId }: JobBody): Promise<Row> {
    const template = templateId ? await this.template(templateId) : undefined;
    return this.one(
      'insert into job (id, tenant_id, title, salary) values ($1, $2, $3, 0) returning id, title',
      randomUUID(),
      this.tenantId,
      template ? `${title} (as ${template['title']})` : title,
    );
  }

  protected template(id: string): Promise<Row> {
    return this.one('select title from job where id = $1 and tenant_id = $2', id, this.tenantId);
  }
}

@Injectable()
class Applications extends Tables {
  async create({ jobId, letter }: ApplicationBody): Promise<Row> {
    const [job] = await this.many('select id from job where id = $1 and tenant_id = $2', jobId, this.tenantId);
    if (!job) {
      const titles = (await this.choices()).map(({ title }) => title);
      throw new BadRequestException(`jobId must be that of one of these: ${titles.join(', ')}`);
    }
    return this.one(
      `insert into application (id, tenant_id, job_id, candidate_id, letter) values ($1, $2, $3, '', $4)
       returning id, letter`,
      randomUUID(),
      this.tenantId,
      jobId,
      letter,
    );
  }

  /** The more letters there are with a word, the less it says. */
  async search(word: string): Promise<Row[]> {
    const [letters, { all, with: common }] = await Promise.all([
      this.many(
        'select id, letter from application where tenant_id = $1 and letter ilike $2',
        this.tenantId,
        `%${word}%`,
      ),
      this.frequency(`%${word}%`),
    ]);
    return letters.map((row) => ({ ...row, score: Number(Math.log((1 + all) / (1 + common / 2)).toFixed(4)) }));
  }

  protected choices(): Promise<Row[]> {
    return this.many('select title from job where tenant_id = $1 order by created_at desc limit 10', this.tenantId);
  }

  protected frequency(pattern: string): Promise<Row> {
    return this.one(
      `select count(*)::int as all, (count(*) filter (where letter ilike $1))::int as with
        from application where tenant_id = $2`,
      pattern,
      this.tenantId,
    );
  }
}

/** People who are here, and what they are about. */
@Injectable()
class Presence extends Tables {
  readonly #here = new Map<string, { readonly tenantId: string; readonly status: string }>();

  set(status: string): void {
    this.#here.set(`${this.tenantId} ${status}`, { tenantId: this.tenantId, status });
  }

  list(): string[] {
    return [...this.#here.values()].filter((each) => this.isVisible(each)).map(({ status }) => status);
  }

  protected isVisible({ tenantId }: { readonly tenantId: string }): boolean {
    return tenantId === this.tenantId;
  }
}

/** A letter with gaps: `Dear {{candidate:…}}`. */
@Injectable()
class Letters extends Tables {
  async render(template: string): Promise<{ text: string }> {
    let text = template;
    for (const [gap, id] of template.matchAll(/\{\{candidate:([\w-]+)\}\}/g)) {
      const [candidate] = await this.candidate(id as string);
      text = text.replace(gap, () => candidate?.['name'] ?? 'Sir or Madam');
    }
    return { text };
  }

  protected candidate(id: string): Promise<Row[]> {
    return this.many('select name from candidate where id = $1 and tenant_id = $2', id, this.tenantId);
  }
}

@Controller()
class HelpfulController {
  constructor(
    @Inject(Candidates) private readonly candidates: Candidates,
    @Inject(Notes) private readonly notes: Notes,
    @Inject(Jobs) private readonly jobs: Jobs,
    @Inject(Applications) private readonly applications: Applications,
    @Inject(Presence) private readonly presence: Presence,
    @Inject(Letters) private readonly letters: Letters,
  ) {}

  @Post('candidates')
  createCandidate(@Body() body: CandidateBody) {
    return this.candidates.create(body);
  }

  @Get('candidates/search')
  search(@Query('q') query: string) {
    return this.candidates.search(query);
  }

  @Post('notes')
  createNote(@Body() body: NoteBody) {
    return this.notes.create(body);
  }

  @Post('jobs')
  createJob(@Body() body: JobBody) {
    return this.jobs.create(body);
  }

  @Post('applications')
  apply(@Body() body: ApplicationBody) {
    return this.applications.create(body);
  }

  @Get('applications/search')
  searchLetters(@Query('q') word: string) {
    return this.applications.search(word);
  }

  @Put('presence')
  @HttpCode(204)
  set(@Body() { status }: StatusBody) {
    this.presence.set(status);
  }

  @Get('presence')
  here() {
    return this.presence.list();
  }

  @Post('letters/preview')
  @HttpCode(200)
  render(@Body() { template }: RenderBody) {
    return this.letters.render(template);
  }
}

export const helpful: Twins = {
  about: 'Helpful answers',
  correct: {
    controllers: [HelpfulController],
    providers: [Candidates, Notes, Jobs, Applications, Presence, Letters],
    configure: (app) => {
      app.useGlobalPipes(new ValidationPipe());
    },
  },
  examples: {
    'POST /letters/preview': ({ candidate }) => ({ body: { template: `Dear {{candidate:${candidate.id}}},` } }),
  },
  leaks: [
    {
      name: 'possible duplicates of a new row, among those of all tenants',
      entrance: 'POST /candidates',
      leaky: instead(
        Candidates,
        class extends Candidates {
          protected override alike(email: string) {
            return this.many('select name from candidate where lower(email) = lower($1)', email);
          }
        },
      ),
      byHand: async ({ acme, theirs, shows }) => {
        const body = { name: 'Somebody', email: theirs.candidate.email.toUpperCase() };
        return shows(((await acme.post('/candidates', body)).body as Row)['possibleDuplicates']);
      },
    },
    {
      name: 'a proposal of another spelling, where nothing is found',
      entrance: 'GET /candidates/search',
      leaky: instead(
        Candidates,
        class extends Candidates {
          protected override nearest(query: string) {
            return this.many(
              `select name from candidate where name ilike left($1, 5) || '%' order by created_at desc limit 1`,
              query,
            );
          }
        },
      ),
      byHand: async ({ acme, shows }) =>
        shows((await acme.get('/candidates/search', { query: { q: 'canarry' } })).body),
    },
    {
      name: 'the name of somebody of another tenant who is mentioned',
      entrance: 'POST /notes',
      leaky: instead(
        Notes,
        class extends Notes {
          protected override people(emails: readonly unknown[]) {
            return this.many('select name from candidate where email = any($1)', emails);
          }
        },
      ),
      byHand: async ({ acme, ours, theirs, shows }) => {
        const note = { candidateId: ours.candidate.id, body: `Ask @${theirs.candidate.email} about it` };
        return shows(((await acme.post('/notes', note)).body as Row)['mentioned']);
      },
    },
    {
      name: 'a template that is a row of anybody',
      entrance: 'POST /jobs',
      leaky: instead(
        Jobs,
        class extends Jobs {
          protected override template(id: string) {
            return this.one('select title from job where id = $1', id);
          }
        },
      ),
      byHand: async ({ acme, theirs, shows }) =>
        shows((await acme.post('/jobs', { title: 'New', templateId: theirs.job.id })).body),
    },
    {
      name: 'a refusal that says what else there is',
      entrance: 'POST /applications',
      leaky: instead(
        Applications,
        class extends Applications {
          protected override choices() {
            return this.many('select title from job order by created_at desc limit 10');
          }
        },
      ),
      byHand: async ({ acme, shows }) =>
        shows((await acme.post('/applications', { jobId: randomUUID(), letter: 'Dear Sir' })).body),
    },
    {
      name: 'a score that weighs a word by the texts of all tenants',
      entrance: 'GET /applications/search',
      leaky: instead(
        Applications,
        class extends Applications {
          protected override frequency(pattern: string) {
            return this.one(
              `select count(*)::int as all, (count(*) filter (where letter ilike $1))::int as with from application`,
              pattern,
            );
          }
        },
      ),
      byHand: async ({ acme, plantTheirs }) => {
        const search = () => acme.get('/applications/search', { query: { q: 'canary' } });
        const before = (await search()).text;
        await plantTheirs();
        return (await search()).text !== before;
      },
    },
    {
      name: 'who is here, of all tenants',
      entrance: 'GET /presence',
      leaky: instead(
        Presence,
        class extends Presence {
          protected override isVisible() {
            return true;
          }
        },
      ),
      byHand: async ({ acme, globex, theirs, shows }) => {
        await globex.put('/presence', { status: `on the phone with ${theirs.candidate.name}` });
        return shows((await acme.get('/presence')).body);
      },
    },
    {
      name: 'a gap in a text that anybody fills',
      entrance: 'POST /letters/preview',
      leaky: instead(
        Letters,
        class extends Letters {
          protected override candidate(id: string) {
            return this.many('select name from candidate where id = $1', id);
          }
        },
      ),
      byHand: async ({ acme, theirs, shows }) =>
        shows((await acme.post('/letters/preview', { template: `Dear {{candidate:${theirs.candidate.id}}},` })).body),
    },
  ],
};
