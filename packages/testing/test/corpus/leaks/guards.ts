import {
  Body,
  type CallHandler,
  type CanActivate,
  Controller,
  createParamDecorator,
  type ExecutionContext,
  ForbiddenException,
  Get,
  Inject,
  Injectable,
  type NestInterceptor,
  Param,
  Patch,
  type PipeTransform,
  UseGuards,
  UseInterceptors,
  ValidationPipe,
} from '@nestjs/common';
import { IsOptional, IsString } from 'class-validator';
import type { Request } from 'express';
import { map, type Observable, of, tap } from 'rxjs';
import { instead, type Scene, type Twins } from '../leak.js';
import { type Row, Tables } from '../tables.js';

class InvoiceBody {
  @IsOptional() @IsString() id?: string;
  @IsString() customer!: string;
}

/** The guard has looked at the invoice of the path already. */
@Injectable()
class Invoices extends Tables {
  async check(id: string): Promise<void> {
    await this.one('select 1 from invoice where id = $1 and tenant_id = $2', id, this.tenantId);
  }

  rename(id: string, { customer }: InvoiceBody): Promise<Row> {
    return this.one('update invoice set customer = $2 where id = $1 returning id, customer', id, customer);
  }
}

/** A right to read is looked up once, and remembered. */
@Injectable()
class Rights extends Tables {
  readonly #known = new Map<string, boolean>();

  async mayRead(id: string): Promise<boolean> {
    const key = this.keyOf(id);
    const known = this.#known.get(key) ?? (await this.lookUp(id));
    this.#known.set(key, known);
    return known;
  }

  protected keyOf(id: string): string {
    return `${this.tenantId} ${id}`;
  }

  private async lookUp(id: string): Promise<boolean> {
    return (await this.many('select 1 from note where id = $1 and tenant_id = $2', id, this.tenantId)).length > 0;
  }
}

@Injectable()
class Notes extends Tables {
  read(id: string): Promise<Row> {
    return this.one('select id, body from note where id = $1', id);
  }

  /** @param candidateId - which the guard has looked at. */
  about(candidateId: string, id: string): Promise<Row> {
    return this.one('select id, body from note where id = $1 and candidate_id = $2', id, candidateId);
  }
}

@Injectable()
class Candidates extends Tables {
  find(id: string): Promise<Row> {
    return this.one('select id, name from candidate where id = $1 and tenant_id = $2', id, this.tenantId);
  }

  async check(id: string): Promise<void> {
    await this.one('select 1 from candidate where id = $1 and tenant_id = $2', id, this.tenantId);
  }
}

@Injectable()
class Jobs extends Tables {
  find(id: string): Promise<Row> {
    return this.one('select id, title from job where id = $1 and tenant_id = $2', id, this.tenantId);
  }
}

/** An answer that was given within the last second is given again. */
@Injectable()
class Recently extends Tables {
  readonly answers = new Map<string, unknown>();

  keyOf({ originalUrl }: Request): string {
    return `${this.tenantId} ${originalUrl}`;
  }
}

/** News, for a line above each page. */
@Injectable()
class Headlines extends Tables {
  newest(): Promise<Row[]> {
    return this.many('select title from job where tenant_id = $1 order by created_at desc limit 1', this.tenantId);
  }
}

@Injectable()
class Applications extends Tables {
  list(): Promise<Row[]> {
    return this.many('select id, letter from application where tenant_id = $1', this.tenantId);
  }

  count(): Promise<Row> {
    return this.one('select count(*)::int from application where tenant_id = $1', this.tenantId);
  }
}

const requestOf = (context: ExecutionContext) => context.switchToHttp().getRequest<Request & { job?: Row }>();
const parameter = (context: ExecutionContext, name: string) => String(requestOf(context).params[name]);

@Injectable()
class InvoiceGuard implements CanActivate {
  constructor(@Inject(Invoices) private readonly invoices: Invoices) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    await this.invoices.check(parameter(context, 'id'));
    return true;
  }
}

@Injectable()
class RightsGuard implements CanActivate {
  constructor(@Inject(Rights) private readonly rights: Rights) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (!(await this.rights.mayRead(parameter(context, 'id')))) throw new ForbiddenException();
    return true;
  }
}

@Injectable()
class CandidateGuard implements CanActivate {
  constructor(@Inject(Candidates) private readonly candidates: Candidates) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    await this.candidates.check(parameter(context, 'candidateId'));
    return true;
  }
}

@Injectable()
class CandidatePipe implements PipeTransform<string, Promise<Row>> {
  constructor(@Inject(Candidates) private readonly candidates: Candidates) {}

  transform(id: string): Promise<Row> {
    return this.candidates.find(id);
  }
}

@Injectable()
class JobInterceptor implements NestInterceptor {
  constructor(@Inject(Jobs) private readonly jobs: Jobs) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    requestOf(context).job = await this.jobs.find(parameter(context, 'id'));
    return next.handle();
  }
}

const CurrentJob = createParamDecorator((_: unknown, context: ExecutionContext) => requestOf(context).job);

@Injectable()
class RecentlyInterceptor implements NestInterceptor {
  constructor(@Inject(Recently) private readonly recently: Recently) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { answers } = this.recently;
    const key = this.recently.keyOf(requestOf(context));
    if (answers.has(key)) return of(answers.get(key));
    return next.handle().pipe(
      tap((answer) => {
        answers.set(key, answer);
        setTimeout(() => answers.delete(key), 1000).unref();
      }),
    );
  }
}

@Injectable()
class HeadlineInterceptor implements NestInterceptor {
  constructor(@Inject(Headlines) private readonly headlines: Headlines) {}

  async intercept(_context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const [job] = await this.headlines.newest();
    return next.handle().pipe(map((answer) => ({ ...answer, headline: job?.['title'] ?? null })));
  }
}

@Controller()
class GuardsController {
  constructor(
    @Inject(Invoices) private readonly invoices: Invoices,
    @Inject(Notes) private readonly notes: Notes,
    @Inject(Applications) private readonly applications: Applications,
  ) {}

  @Patch('invoices/:id')
  @UseGuards(InvoiceGuard)
  rename(@Param('id') id: string, @Body() body: InvoiceBody) {
    return this.invoices.rename(id, body);
  }

  @Get('notes/:id')
  @UseGuards(RightsGuard)
  read(@Param('id') id: string) {
    return this.notes.read(id);
  }

  @Get('candidates/:candidateId/notes/:noteId')
  @UseGuards(CandidateGuard)
  about(@Param('candidateId') candidateId: string, @Param('noteId') noteId: string) {
    return this.notes.about(candidateId, noteId);
  }

  @Get('candidates/:id')
  candidate(@Param('id', CandidatePipe) candidate: Row) {
    return candidate;
  }

  @Get('jobs/:id')
  @UseInterceptors(JobInterceptor)
  job(@CurrentJob() job: Row) {
    return job;
  }

  @Get('applications')
  @UseInterceptors(RecentlyInterceptor)
  list() {
    return this.applications.list();
  }

  @Get('applications/count')
  @UseInterceptors(HeadlineInterceptor)
  count() {
    return this.applications.count();
  }
}

/** Asks as acme once globex has looked at its own row: true when something of globex's is shown. */
async function afterThem({ acme, globex, shows }: Scene, path: string): Promise<boolean> {
  await globex.get(path);
  return shows((await acme.get(path)).body);
}

export const guards: Twins = {
  about: 'Guards, pipes and interceptors',
  correct: {
    controllers: [GuardsController],
    providers: [Invoices, Rights, Notes, Candidates, Jobs, Recently, Headlines, Applications],
    configure: (app) => {
      app.useGlobalPipes(new ValidationPipe());
    },
  },
  leaks: [
    {
      name: 'an id in the body, where the guard has looked at that of the path',
      entrance: 'PATCH /invoices/:id',
      leaky: instead(
        Invoices,
        class extends Invoices {
          override rename(id: string, body: InvoiceBody) {
            const invoice = { id, ...body };
            return super.rename(invoice.id, invoice);
          }
        },
      ),
      byHand: ({ acme, ours, theirs, harms }) =>
        harms(() => acme.patch(`/invoices/${ours.invoice.id}`, { id: theirs.invoice.id, customer: 'from acme' })),
    },
    {
      name: 'a right that is remembered for the row, and not for who has it',
      entrance: 'GET /notes/:id',
      leaky: instead(
        Rights,
        class extends Rights {
          protected override keyOf(id: string) {
            return id;
          }
        },
      ),
      byHand: (scene) => afterThem(scene, `/notes/${scene.theirs.note.id}`),
    },
    {
      name: 'a row below another, of which the guard has looked at the upper one',
      entrance: 'GET /candidates/:candidateId/notes/:noteId',
      leaky: instead(
        Notes,
        class extends Notes {
          override about(_candidateId: string, id: string) {
            return this.read(id);
          }
        },
      ),
      byHand: async ({ acme, ours, theirs, shows }) =>
        shows((await acme.get(`/candidates/${ours.candidate.id}/notes/${theirs.note.id}`)).body),
    },
    {
      name: 'a pipe that turns an id into a row of anybody',
      entrance: 'GET /candidates/:id',
      leaky: instead(
        Candidates,
        class extends Candidates {
          override find(id: string) {
            return this.one('select id, name from candidate where id = $1', id);
          }
        },
      ),
      byHand: async ({ acme, theirs, shows }) => shows((await acme.get(`/candidates/${theirs.candidate.id}`)).body),
    },
    {
      name: 'a decorator whose row an interceptor has found among those of all',
      entrance: 'GET /jobs/:id',
      leaky: instead(
        Jobs,
        class extends Jobs {
          override find(id: string) {
            return this.one('select id, title from job where id = $1', id);
          }
        },
      ),
      byHand: async ({ acme, theirs, shows }) => shows((await acme.get(`/jobs/${theirs.job.id}`)).body),
    },
    {
      name: 'an interceptor that answers as it did a moment before',
      entrance: 'GET /applications',
      leaky: instead(
        Recently,
        class extends Recently {
          override keyOf({ originalUrl }: Request) {
            return originalUrl;
          }
        },
      ),
      byHand: (scene) => afterThem(scene, '/applications'),
    },
    {
      name: 'an interceptor that adds something of another tenant to each answer',
      entrance: 'GET /applications/count',
      leaky: instead(
        Headlines,
        class extends Headlines {
          override newest() {
            return this.many('select title from job order by created_at desc limit 1');
          }
        },
      ),
      byHand: async ({ acme, shows }) => shows((await acme.get('/applications/count')).body),
    },
  ],
};
