import { randomUUID } from 'node:crypto';
import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Injectable,
  Param,
  Post,
  Query,
  ValidationPipe,
} from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { IsArray, IsOptional, IsString } from 'class-validator';
import type { WebSocket } from 'ws';
import type { ExampleCall } from '../../../src/index.js';
import { instead, type Scene, type Twins } from '../leak.js';
import { type Row, Tables } from '../tables.js';
import { talk } from '../talk.js';
import { TenantWsAdapter } from '../tenant-ws-adapter.js';

class TextBody {
  @IsString() text!: string;
}

class TicketBody {
  @IsString() candidateId!: string;
  @IsString() body!: string;
}

class ClipboardBody {
  @IsArray() @IsOptional() noteIds?: string[];
}

/** Each deed is written down, with what it was done to. */
@Injectable()
class Audit extends Tables {
  readonly #lines = new Map<string, string[]>();

  async watch(id: string): Promise<Row> {
    this.note(`watches ${await this.titleOf(id)}`);
    return this.one('select id, title from job where id = $1 and tenant_id = $2', id, this.tenantId);
  }

  read(): string[] {
    return this.#lines.get(this.tenantId) ?? [];
  }

  protected async titleOf(id: string): Promise<string> {
    const [job] = await this.many('select title from job where id = $1 and tenant_id = $2', id, this.tenantId);
    return job?.['title'] ?? 'a job';
  }

  private note(line: string): void {
    this.#lines.set(this.tenantId, [...this.read(), line].slice(-50));
  }
}

/** Whoever has joined the room of a job hears what is said about it. */
@Injectable()
class Rooms extends Tables {
  readonly #rooms = new Map<string, Set<WebSocket>>();

  async join(jobId: string, socket: WebSocket): Promise<void> {
    await this.check(jobId);
    const room = this.#rooms.get(jobId) ?? new Set();
    this.#rooms.set(jobId, room.add(socket));
    socket.once('close', () => room.delete(socket));
  }

  async say(jobId: string, text: string): Promise<void> {
    await this.find(jobId);
    for (const socket of this.#rooms.get(jobId) ?? []) socket.send(JSON.stringify({ event: 'said', data: { text } }));
  }

  protected async check(jobId: string): Promise<void> {
    await this.find(jobId);
  }

  private find(jobId: string): Promise<Row> {
    return this.one('select id from job where id = $1 and tenant_id = $2', jobId, this.tenantId);
  }
}

@Injectable()
class Tickets extends Tables {
  async open({ candidateId, body }: TicketBody): Promise<Row> {
    const ticket = await this.one(
      `insert into note (id, tenant_id, candidate_id, body)
       select $1, $2, id, $4 from candidate where id = $3 and tenant_id = $2 returning id, body`,
      randomUUID(),
      this.tenantId,
      candidateId,
      body,
    );
    const { count } = await this.opened();
    return { ...ticket, number: `HD-2026-${String(count).padStart(5, '0')}` };
  }

  protected opened(): Promise<Row> {
    return this.one('select count(*)::int from note where tenant_id = $1', this.tenantId);
  }
}

interface Cursor {
  readonly tenantId: string;
  readonly offset: number;
}

/** The cursor says where to go on, so that nothing is kept between pages. */
@Injectable()
class Candidates extends Tables {
  async page(cursor?: string): Promise<{ items: Row[]; next: string }> {
    const { tenantId, offset } = this.resume(cursor);
    const items = await this.many(
      'select id, name from candidate where tenant_id = $1 order by created_at limit 2 offset $2',
      tenantId,
      offset,
    );
    return { items, next: encode({ tenantId, offset: offset + items.length }) };
  }

  protected resume(cursor?: string): Cursor {
    return { tenantId: this.tenantId, offset: cursor ? decode(cursor).offset : 0 };
  }
}

@Injectable()
class Undo extends Tables {
  readonly #deleted = new Map<string, string[]>();

  async delete(id: string): Promise<void> {
    await this.one(
      'update note set deleted_at = now() where id = $1 and tenant_id = $2 returning id',
      id,
      this.tenantId,
    );
    this.#deleted.set(this.key(), [...(this.#deleted.get(this.key()) ?? []), id]);
  }

  async undo(): Promise<{ restored: Row[] }> {
    const id = this.#deleted.get(this.key())?.pop();
    return { restored: await this.many('update note set deleted_at = null where id = $1 returning id, body', id) };
  }

  protected key(): string {
    return this.tenantId;
  }
}

@Injectable()
class Clipboard extends Tables {
  readonly #copied = new Map<string, readonly string[]>();

  copy({ noteIds = [] }: ClipboardBody): { copied: number } {
    this.#copied.set(this.tenantId, noteIds);
    return { copied: noteIds.length };
  }

  async paste(): Promise<Row[]> {
    return this.read(this.#copied.get(this.tenantId) ?? []);
  }

  protected read(ids: readonly string[]): Promise<Row[]> {
    return this.many('select body from note where id = any($1) and tenant_id = $2', ids, this.tenantId);
  }
}

const encode = (cursor: Cursor) => Buffer.from(JSON.stringify(cursor)).toString('base64url');
const decode = (cursor: string) => JSON.parse(Buffer.from(cursor, 'base64url').toString()) as Cursor;

@WebSocketGateway()
class RoomGateway {
  constructor(@Inject(Rooms) private readonly rooms: Rooms) {}

  @SubscribeMessage('join')
  async join(@MessageBody() { jobId }: { jobId: string }, @ConnectedSocket() socket: WebSocket) {
    await this.rooms.join(jobId, socket);
    return { event: 'joined', data: { jobId } };
  }
}

@Controller()
class StepsController {
  constructor(
    @Inject(Audit) private readonly audit: Audit,
    @Inject(Rooms) private readonly rooms: Rooms,
    @Inject(Tickets) private readonly tickets: Tickets,
    @Inject(Candidates) private readonly candidates: Candidates,
    @Inject(Undo) private readonly undoing: Undo,
    @Inject(Clipboard) private readonly clipboard: Clipboard,
  ) {}

  @Post('jobs/:id/watch')
  watch(@Param('id') id: string) {
    return this.audit.watch(id);
  }

  @Get('audit')
  read() {
    return this.audit.read();
  }

  @Post('jobs/:id/comments')
  @HttpCode(204)
  say(@Param('id') id: string, @Body() { text }: TextBody) {
    return this.rooms.say(id, text);
  }

  @Post('tickets')
  open(@Body() body: TicketBody) {
    return this.tickets.open(body);
  }

  @Get('candidates')
  page(@Query('cursor') cursor?: string) {
    return this.candidates.page(cursor);
  }

  @Delete('notes/:id')
  @HttpCode(204)
  delete(@Param('id') id: string) {
    return this.undoing.delete(id);
  }

  @Post('notes/undo')
  undo() {
    return this.undoing.undo();
  }

  @Post('clipboard')
  copy(@Body() body: ClipboardBody) {
    return this.clipboard.copy(body);
  }

  @Post('clipboard/paste')
  paste() {
    return this.clipboard.paste();
  }
}

/** Listens in the room of a job while something is said about it. */
const listening: ExampleCall = {
  call: ({ job }, caller) =>
    talk(caller, { event: 'join', data: { jobId: job.id } }, () =>
      caller.client.post(`/jobs/${job.id}/comments`, { text: job.title }),
    ),
};

const cursorOf = (answer: { readonly body: unknown }) => (answer.body as { next: string }).next;

async function numbers({ acme, ours, plantTheirs }: Scene): Promise<number[]> {
  const open = async () => {
    const { body } = await acme.post('/tickets', { candidateId: ours.candidate.id, body: 'It does not print.' });
    return Number((body as Row)['number'].split('-').at(-1));
  };
  const first = await open();
  await plantTheirs();
  return [first, await open()];
}

export const steps: Twins = {
  about: 'Several steps',
  correct: {
    controllers: [StepsController],
    providers: [RoomGateway, Audit, Rooms, Tickets, Candidates, Undo, Clipboard],
    configure: (app) => {
      app.useGlobalPipes(new ValidationPipe());
      app.useWebSocketAdapter(new TenantWsAdapter(app));
    },
  },
  examples: { 'websocket RoomGateway.join': listening },
  leaks: [
    {
      name: 'a line of the audit that quotes what was refused',
      entrance: 'POST /jobs/:id/watch',
      leaky: instead(
        Audit,
        class extends Audit {
          protected override async titleOf(id: string) {
            const [job] = await this.many('select title from job where id = $1', id);
            return job?.['title'] ?? 'a job';
          }
        },
      ),
      byHand: async ({ acme, theirs, shows }) => {
        await acme.post(`/jobs/${theirs.job.id}/watch`);
        return shows((await acme.get('/audit')).body);
      },
    },
    {
      name: 'a room that anybody may join, and where one hears something later',
      entrance: 'websocket RoomGateway.join',
      leaky: instead(
        Rooms,
        class extends Rooms {
          protected override async check() {}
        },
      ),
      byHand: async ({ harness, globex, theirs, shows }) => {
        const [attacker] = harness.tenants as [(typeof harness.tenants)[0]];
        const talker = { url: harness.url, identity: await harness.identityOf(attacker) };
        const said = () => globex.post(`/jobs/${theirs.job.id}/comments`, { text: theirs.note.body });
        const join = { event: 'join', data: { jobId: theirs.job.id } };
        return shows(await talk(talker, join, said).catch(() => 'refused'));
      },
    },
    {
      name: 'a number of tickets that counts those of all tenants',
      entrance: 'POST /tickets',
      leaky: instead(
        Tickets,
        class extends Tickets {
          protected override opened() {
            return this.one('select count(*)::int from note');
          }
        },
      ),
      byHand: async (scene) => {
        const [first = 0, second = 0] = await numbers(scene);
        return second !== first + 1;
      },
    },
    {
      name: 'a cursor that carries the tenant, and that nobody signed',
      entrance: 'GET /candidates',
      leaky: instead(
        Candidates,
        class extends Candidates {
          protected override resume(cursor?: string) {
            return cursor ? decode(cursor) : super.resume();
          }
        },
      ),
      byHand: async ({ acme, theirs, shows }) => {
        const own = decode(cursorOf(await acme.get('/candidates')));
        const cursor = encode({ ...own, tenantId: theirs.job.tenantId, offset: 0 });
        return shows((await acme.get('/candidates', { query: { cursor } })).body);
      },
    },
    {
      name: 'an undo of what was deleted last, by anybody',
      entrance: 'POST /notes/undo',
      leaky: instead(
        Undo,
        class extends Undo {
          protected override key() {
            return 'deleted';
          }
        },
      ),
      byHand: async ({ acme, globex, theirs, shows }) => {
        await globex.delete(`/notes/${theirs.note.id}`);
        return shows((await acme.post('/notes/undo')).body);
      },
    },
    {
      name: 'a clipboard with ids of anybody, which are read when it is pasted',
      entrance: 'POST /clipboard',
      leaky: instead(
        Clipboard,
        class extends Clipboard {
          protected override read(ids: readonly string[]) {
            return this.many('select body from note where id = any($1)', ids);
          }
        },
      ),
      byHand: async ({ acme, theirs, shows }) => {
        await acme.post('/clipboard', { noteIds: [theirs.note.id] });
        return shows((await acme.post('/clipboard/paste')).body);
      },
    },
  ],
};
