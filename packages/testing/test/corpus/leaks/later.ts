import { randomUUID } from 'node:crypto';
import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Injectable,
  NotFoundException,
  Param,
  Post,
  Query,
  ValidationPipe,
} from '@nestjs/common';
import { IsString } from 'class-validator';
import { instead, type Twins } from '../leak.js';
import { type Row, Tables } from '../tables.js';

class PreviewBody {
  @IsString() template!: string;
}

interface Export {
  readonly tenantId: string;
  readonly rows: readonly Row[];
}

/** An export is made first, and fetched by its ticket once it is ready; without one, it is made anew. */
@Injectable()
class Exports extends Tables {
  readonly #ready = new Map<string, Export>();

  async start(): Promise<{ ticket: string }> {
    const ticket = randomUUID();
    this.#ready.set(ticket, { tenantId: this.tenantId, rows: await this.candidates() });
    return { ticket };
  }

  async fetch(ticket?: string): Promise<readonly Row[]> {
    if (!ticket) return this.candidates();
    const made = this.#ready.get(ticket);
    if (!made || !this.mayFetch(made)) throw new NotFoundException();
    return made.rows;
  }

  protected mayFetch({ tenantId }: Export): boolean {
    return tenantId === this.tenantId;
  }

  private candidates(): Promise<Row[]> {
    return this.many('select name, email from candidate where tenant_id = $1 order by created_at', this.tenantId);
  }
}

/** Fills `{{candidate:ID}}` with the name. */
@Injectable()
class Mails extends Tables {
  async preview({ template }: PreviewBody): Promise<{ html: string }> {
    let html = template;
    for (const [mark, id] of template.matchAll(/\{\{candidate:([\w-]+)\}\}/g)) {
      html = html.replace(mark, await this.nameOf(id as string));
    }
    return { html };
  }

  protected async nameOf(id: string): Promise<string> {
    const [row] = await this.many('select name from candidate where id = $1 and tenant_id = $2', id, this.tenantId);
    return row?.['name'] ?? '?';
  }
}

/** Those who have subscribed find in their inbox which jobs were closed. */
@Injectable()
class Hooks extends Tables {
  readonly #inboxes = new Map<string, Row[]>();

  subscribe(): { since: string } {
    this.#inboxes.set(this.tenantId, this.inbox());
    return { since: 'now' };
  }

  async close(id: string): Promise<Row> {
    const job = await this.one(
      "update job set status = 'closed' where id = $1 and tenant_id = $2 returning id, title",
      id,
      this.tenantId,
    );
    for (const [subscriber, inbox] of this.#inboxes) if (this.isFor(subscriber)) inbox.push(job);
    return job;
  }

  inbox(): Row[] {
    return this.#inboxes.get(this.tenantId) ?? [];
  }

  protected isFor(subscriber: string): boolean {
    return subscriber === this.tenantId;
  }
}

@Controller()
class LaterController {
  constructor(
    @Inject(Exports) private readonly exports: Exports,
    @Inject(Mails) private readonly mails: Mails,
    @Inject(Hooks) private readonly hooks: Hooks,
  ) {}

  @Post('exports')
  start() {
    return this.exports.start();
  }

  @Get('exports')
  fetch(@Query('ticket') ticket?: string) {
    return this.exports.fetch(ticket);
  }

  @Post('mails/preview')
  @HttpCode(200)
  preview(@Body() body: PreviewBody) {
    return this.mails.preview(body);
  }

  @Post('subscriptions')
  subscribe() {
    return this.hooks.subscribe();
  }

  @Post('jobs/:id/close')
  close(@Param('id') id: string) {
    return this.hooks.close(id);
  }

  @Get('inbox')
  inbox() {
    return this.hooks.inbox();
  }
}

export const later: Twins = {
  about: 'What comes later',
  correct: {
    controllers: [LaterController],
    providers: [Exports, Mails, Hooks],
    configure: (app) => {
      app.useGlobalPipes(new ValidationPipe());
    },
  },
  examples: {
    'POST /mails/preview': ({ candidate }) => ({ body: { template: `Dear {{candidate:${candidate.id}}}, welcome!` } }),
  },
  leaks: [
    {
      name: 'an export that whoever has the ticket may fetch',
      entrance: 'GET /exports',
      leaky: instead(
        Exports,
        class extends Exports {
          protected override mayFetch() {
            return true;
          }
        },
      ),
      byHand: async ({ acme, globex, shows }) => {
        const { ticket } = (await globex.post('/exports')).body as { ticket: string };
        return shows((await acme.get('/exports', { query: { ticket } })).body);
      },
    },
    {
      name: 'an id inside of a template, looked up without the tenant',
      entrance: 'POST /mails/preview',
      leaky: instead(
        Mails,
        class extends Mails {
          protected override async nameOf(id: string) {
            const [row] = await this.many('select name from candidate where id = $1', id);
            return row?.['name'] ?? '?';
          }
        },
      ),
      byHand: async ({ acme, theirs, shows }) =>
        shows((await acme.post('/mails/preview', { template: `{{candidate:${theirs.candidate.id}}}` })).body),
    },
    {
      name: 'a subscription that is told what happens at all tenants',
      entrance: 'POST /jobs/:id/close',
      leaky: instead(
        Hooks,
        class extends Hooks {
          protected override isFor() {
            return true;
          }
        },
      ),
      byHand: async ({ acme, globex, theirs, shows }) => {
        await acme.post('/subscriptions');
        await globex.post(`/jobs/${theirs.job.id}/close`);
        return shows((await acme.get('/inbox')).body);
      },
    },
  ],
};
