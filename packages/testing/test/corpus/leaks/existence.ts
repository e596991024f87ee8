import { createHash, randomUUID } from 'node:crypto';
import {
  type ArgumentsHost,
  Body,
  Catch,
  ConflictException,
  Controller,
  Delete,
  type ExceptionFilter,
  Get,
  HttpCode,
  type HttpException,
  Inject,
  Injectable,
  NotFoundException,
  Param,
  Post,
  Query,
  Res,
  UseFilters,
  ValidationPipe,
} from '@nestjs/common';
import { IsEmail, IsString } from 'class-validator';
import type { Response } from 'express';
import { instead, type Twins } from '../leak.js';
import { raw } from '../raw.js';
import { type Row, Tables } from '../tables.js';

class FileBody {
  @IsString() content!: string;
}

class EmailBody {
  @IsEmail() email!: string;
}

class TitleBody {
  @IsString() title!: string;
}

/** The same content is kept once. */
@Injectable()
class Files extends Tables {
  readonly #ids = new Map<string, string>();

  put(content: string): { id: string } {
    const key = this.keyOf(createHash('sha256').update(content).digest('hex'));
    const id = this.#ids.get(key) ?? randomUUID();
    this.#ids.set(key, id);
    return { id };
  }

  protected keyOf(digest: string): string {
    return `${this.tenantId}/${digest}`;
  }
}

@Injectable()
class Notes extends Tables {
  async delete(id: string): Promise<void> {
    const note = await this.one('select deleted_at from note where id = $1 and tenant_id = $2', id, this.tenantId);
    if (note['deleted_at']) throw new ConflictException('The note is deleted already.');
    await this.remove(id);
  }

  protected async remove(id: string): Promise<void> {
    await this.many('delete from note where id = $1 and tenant_id = $2', id, this.tenantId);
  }
}

@Injectable()
class Invoices extends Tables {
  async show(id: string, seen: (number: number) => void): Promise<Row> {
    const invoice = await this.one(
      'select id, number, customer from invoice where id = $1 and tenant_id = $2',
      id,
      this.tenantId,
    );
    seen(invoice['number']);
    return invoice;
  }
}

@Injectable()
class Candidates extends Tables {
  find(id: string): Promise<Row> {
    return this.one('select id, name from candidate where id = $1 and tenant_id = $2', id, this.tenantId);
  }

  async idOf(email: string): Promise<string> {
    return (await this.byEmail(email))['id'];
  }

  protected byEmail(email: string): Promise<Row> {
    return this.one('select id from candidate where email = $1 and tenant_id = $2', email, this.tenantId);
  }
}

@Injectable()
class Subscribers extends Tables {
  async add(email: string): Promise<Row> {
    const [row] = await this.insert(email);
    if (!row) throw new ConflictException(`${email} is subscribed already.`);
    return row;
  }

  async isFree(email: string): Promise<{ isFree: boolean }> {
    return { isFree: (await this.known(email)).length === 0 };
  }

  protected insert(email: string): Promise<Row[]> {
    return this.many(
      `insert into tenant_subscriber (id, tenant_id, email) values ($1, $2, $3) on conflict (tenant_id, email) do nothing
       returning id, email`,
      randomUUID(),
      this.tenantId,
      email,
    );
  }

  protected known(email: string): Promise<Row[]> {
    return this.many('select 1 from tenant_subscriber where email = $1 and tenant_id = $2', email, this.tenantId);
  }
}

@Injectable()
class Invitations extends Tables {
  async invite(email: string): Promise<{ state: string }> {
    const members = await this.members(email);
    return { state: members.length > 0 ? 'is a member already' : 'invited' };
  }

  protected members(email: string): Promise<Row[]> {
    return this.many('select 1 from candidate where lower(email) = lower($1) and tenant_id = $2', email, this.tenantId);
  }
}

/** Titles are told apart in addresses: `engineer`, `engineer-2`. */
@Injectable()
class Slugs extends Tables {
  async propose(title: string): Promise<{ slug: string }> {
    const { count } = await this.taken(title);
    const slug = title.toLowerCase().replace(/\W+/g, '-');
    return { slug: count === 0 ? slug : `${slug}-${count + 1}` };
  }

  protected taken(title: string): Promise<Row> {
    return this.one('select count(*)::int from job where title = $1 and tenant_id = $2', title, this.tenantId);
  }
}

/** For clients that show the phrase to their users. */
@Catch(NotFoundException)
class PhraseFilter implements ExceptionFilter {
  catch(exception: HttpException, host: ArgumentsHost): void {
    const response = host.getArgByIndex<Response>(1);
    response.statusMessage = exception.message;
    response.status(404).json({ statusCode: 404, message: 'Not Found' });
  }
}

@Controller()
class ExistenceController {
  constructor(
    @Inject(Files) private readonly files: Files,
    @Inject(Notes) private readonly notes: Notes,
    @Inject(Invoices) private readonly invoices: Invoices,
    @Inject(Candidates) private readonly candidates: Candidates,
    @Inject(Subscribers) private readonly subscribers: Subscribers,
    @Inject(Invitations) private readonly invitations: Invitations,
    @Inject(Slugs) private readonly slugs: Slugs,
  ) {}

  @Post('files')
  put(@Body() { content }: FileBody) {
    return this.files.put(content);
  }

  @Delete('notes/:id')
  @HttpCode(204)
  delete(@Param('id') id: string) {
    return this.notes.delete(id);
  }

  @Get('invoices/:id')
  show(@Param('id') id: string, @Res({ passthrough: true }) response: Response) {
    return this.invoices.show(id, (number) => response.set('x-invoice-number', String(number)));
  }

  @Get('candidates/by-email')
  async lookUp(@Query('email') email: string, @Res({ passthrough: true }) response: Response) {
    response.set('content-location', `/candidates/${await this.candidates.idOf(email)}`);
    return { isKnown: true };
  }

  @Get('candidates/:id')
  @UseFilters(PhraseFilter)
  find(@Param('id') id: string) {
    return this.candidates.find(id);
  }

  @Post('subscribers')
  add(@Body() { email }: EmailBody) {
    return this.subscribers.add(email);
  }

  @Get('subscribers/is-free')
  isFree(@Query('email') email: string) {
    return this.subscribers.isFree(email);
  }

  @Post('invitations')
  invite(@Body() { email }: EmailBody) {
    return this.invitations.invite(email);
  }

  @Post('jobs/slug')
  propose(@Body() { title }: TitleBody) {
    return this.slugs.propose(title);
  }
}

export const existence: Twins = {
  about: 'Answers that tell what there is',
  correct: {
    controllers: [ExistenceController],
    providers: [Files, Notes, Invoices, Candidates, Subscribers, Invitations, Slugs],
    configure: (app) => {
      app.useGlobalPipes(new ValidationPipe());
    },
  },
  examples: {
    'GET /candidates/by-email': ({ candidate }) => ({ query: { email: candidate.email } }),
  },
  leaks: [
    {
      name: 'content that is kept once for all tenants',
      entrance: 'POST /files',
      leaky: instead(
        Files,
        class extends Files {
          protected override keyOf(digest: string) {
            return digest;
          }
        },
      ),
      byHand: async ({ acme, globex, theirs }) => {
        const content = theirs.application.letter;
        const { body: first } = await globex.post('/files', { content });
        const { body: second } = await acme.post('/files', { content });
        return (first as Row)['id'] === (second as Row)['id'];
      },
    },
    {
      name: 'a conflict where there should be nothing',
      entrance: 'DELETE /notes/:id',
      leaky: instead(
        Notes,
        class extends Notes {
          override async delete(id: string) {
            const note = await this.one('select deleted_at, tenant_id from note where id = $1', id);
            if (note['deleted_at'] || note['tenant_id'] !== this.tenantId) throw new ConflictException();
            await this.remove(id);
          }
        },
      ),
      byHand: async ({ acme, theirs }) => {
        const [theirsToo, nobodys] = [theirs.note.id, randomUUID()].map((id) => acme.delete(`/notes/${id}`));
        return (await theirsToo)?.status !== (await nobodys)?.status;
      },
    },
    {
      name: 'a header that is set before the tenant is looked at',
      entrance: 'GET /invoices/:id',
      leaky: instead(
        Invoices,
        class extends Invoices {
          override async show(id: string, seen: (number: number) => void) {
            const { tenant_id, ...invoice } = await this.one(
              'select id, number, customer, tenant_id from invoice where id = $1',
              id,
            );
            seen(invoice['number']);
            if (tenant_id !== this.tenantId) throw new NotFoundException();
            return invoice;
          }
        },
      ),
      byHand: async ({ acme, theirs }) =>
        'x-invoice-number' in (await acme.get(`/invoices/${theirs.invoice.id}`)).headers,
    },
    {
      name: 'a phrase beside the status that says more',
      entrance: 'GET /candidates/:id',
      leaky: instead(
        Candidates,
        class extends Candidates {
          override async find(id: string) {
            const { tenant_id, ...candidate } = await this.one(
              'select id, name, tenant_id from candidate where id = $1',
              id,
            );
            if (tenant_id !== this.tenantId) throw new NotFoundException('Not Found in this workspace');
            return candidate;
          }
        },
      ),
      byHand: async (scene) => {
        const { reason } = await raw(scene, scene.acme, `/candidates/${scene.theirs.candidate.id}`);
        return reason !== (await raw(scene, scene.acme, `/candidates/${randomUUID()}`)).reason;
      },
    },
    {
      name: 'a header that says where the row of anybody is',
      entrance: 'GET /candidates/by-email',
      leaky: instead(
        Candidates,
        class extends Candidates {
          protected override byEmail(email: string) {
            return this.one('select id from candidate where email = $1', email);
          }
        },
      ),
      byHand: async ({ acme, theirs }) => {
        const { headers } = await acme.get('/candidates/by-email', { query: { email: theirs.candidate.email } });
        return String(headers['content-location']).endsWith(theirs.candidate.id);
      },
    },
    {
      name: 'an address that only one tenant may have',
      entrance: 'POST /subscribers',
      leaky: instead(
        Subscribers,
        class extends Subscribers {
          protected override insert(email: string) {
            return this.many(
              `insert into subscriber (id, tenant_id, email) values ($1, $2, $3) on conflict (email) do nothing
               returning id, email`,
              randomUUID(),
              this.tenantId,
              email,
            );
          }
        },
      ),
      byHand: async ({ acme, theirs }) =>
        (await acme.post('/subscribers', { email: theirs.subscriber.email })).status === 409,
    },
    {
      name: 'whether a name is free, among all tenants',
      entrance: 'GET /subscribers/is-free',
      leaky: instead(
        Subscribers,
        class extends Subscribers {
          protected override known(email: string) {
            return this.many('select 1 from tenant_subscriber where email = $1', email);
          }
        },
      ),
      byHand: async ({ acme, theirs }) => {
        const { body } = await acme.get('/subscribers/is-free', { query: { email: theirs.subscriber.email } });
        return (body as Row)['isFree'] === false;
      },
    },
    {
      name: 'an invitation that knows the members of all tenants',
      entrance: 'POST /invitations',
      leaky: instead(
        Invitations,
        class extends Invitations {
          protected override members(email: string) {
            return this.many('select 1 from candidate where lower(email) = lower($1)', email);
          }
        },
      ),
      byHand: async ({ acme, theirs }) => {
        const { body } = await acme.post('/invitations', { email: theirs.candidate.email });
        return (body as Row)['state'] !== 'invited';
      },
    },
    {
      name: 'a proposal that steps aside for a title of another tenant',
      entrance: 'POST /jobs/slug',
      leaky: instead(
        Slugs,
        class extends Slugs {
          protected override taken(title: string) {
            return this.one('select count(*)::int from job where title = $1', title);
          }
        },
      ),
      byHand: async ({ acme, theirs }) => {
        const { body } = await acme.post('/jobs/slug', { title: theirs.job.title });
        return /-2$/.test((body as Row)['slug']);
      },
    },
  ],
};
