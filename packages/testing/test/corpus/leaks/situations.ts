import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  BadRequestException,
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Injectable,
  type OnModuleDestroy,
  type OnModuleInit,
  Post,
  Query,
  Res,
  ValidationPipe,
} from '@nestjs/common';
import { IsArray, IsOptional, IsString } from 'class-validator';
import type { Response } from 'express';
import { again } from '../again.js';
import { instead, type Scene, type Twins } from '../leak.js';
import { hangUp } from '../raw.js';
import { type Row, Tables } from '../tables.js';

class RowsBody {
  @IsArray() rows!: unknown[];
}

class LabelBody {
  @IsString() text!: string;
}

class LineBody {
  @IsString() line!: string;
}

class DaysQuery {
  @IsOptional() @IsString() days?: string;
}

type Waiting = (reply: string) => void;

/** A server of search beside the database: each line is a question, and is answered by a line, in order. */
@Injectable()
class SearchServer extends Tables implements OnModuleInit, OnModuleDestroy {
  protected readonly waiting: Waiting[] = [];
  #server: Server | undefined;
  #socket: Socket | undefined;

  async onModuleInit(): Promise<void> {
    this.#server = createServer((socket) => this.serve(socket.on('error', () => {})).catch(() => {})).listen(
      0,
      '127.0.0.1',
    );
    await once(this.#server, 'listening');
    this.#socket = connect((this.#server.address() as AddressInfo).port, '127.0.0.1');
    createInterface(this.#socket).on('line', (reply) => this.waiting.shift()?.(reply));
  }

  onModuleDestroy(): void {
    this.#socket?.destroy();
    this.#server?.close();
  }

  async ask(response: Response): Promise<Row[]> {
    const reply = await new Promise<string>((resolve, reject) => {
      this.waiting.push(resolve);
      this.#socket?.write(`${this.tenantId}\n`);
      response.once('close', () => {
        this.gaveUp(resolve);
        reject(new BadRequestException('The client has gone.'));
      });
    });
    return JSON.parse(reply) as Row[];
  }

  /** Its reply is still to come, and must find its place in the queue. */
  protected gaveUp(_waiting: Waiting): void {}

  private async serve(socket: Socket): Promise<void> {
    for await (const tenantId of createInterface(socket)) {
      const rows = await this.many('select id, title from job where tenant_id = $1', tenantId);
      await sleep(30);
      socket.write(`${JSON.stringify(rows)}\n`);
    }
  }
}

/** While it is not known yet, it is loaded once for all who wait. */
@Injectable()
class Overview extends Tables {
  readonly #known = new Map<string, Row[]>();
  readonly #flights = new Map<string, Promise<Row[]>>();

  async show(): Promise<Row[]> {
    const { tenantId } = this;
    const known = this.#known.get(tenantId);
    if (known) return known;
    const key = this.keyOf('overview');
    const flight = this.#flights.get(key) ?? this.load(tenantId);
    this.#flights.set(key, flight);
    const rows = await flight.finally(() => this.#flights.delete(key));
    this.#known.set(tenantId, rows);
    setTimeout(() => this.#known.delete(tenantId), 50).unref();
    return rows;
  }

  protected keyOf(name: string): string {
    return `${this.tenantId}/${name}`;
  }

  private async load(tenantId: string): Promise<Row[]> {
    await sleep(5);
    return this.many('select id, customer from invoice where tenant_id = $1', tenantId);
  }
}

/** More than twenty at once wait for a common answer, so that the database lives. */
@Injectable()
class Candidates extends Tables {
  #running = 0;
  readonly #crowded = new Map<string, Promise<Row[]>>();

  async list(): Promise<Row[]> {
    if (this.#running >= 20) return this.together();
    this.#running += 1;
    try {
      return await this.load();
    } finally {
      this.#running -= 1;
    }
  }

  protected crowd(): string {
    return this.tenantId;
  }

  private together(): Promise<Row[]> {
    const crowd = this.crowd();
    const known = this.#crowded.get(crowd) ?? this.load().finally(() => this.#crowded.delete(crowd));
    this.#crowded.set(crowd, known);
    return known;
  }

  private async load(): Promise<Row[]> {
    const { tenantId } = this;
    await sleep(100);
    return this.many('select id, name from candidate where tenant_id = $1', tenantId);
  }
}

/** Rows of an import are taken together once all of them are right. */
@Injectable()
class Imports extends Tables {
  import(rows: readonly unknown[]): { imported: string[] } {
    const pending: string[] = [];
    for (const row of rows) pending.push(this.checked(row));
    return { imported: pending };
  }

  protected checked(row: unknown): string {
    if (typeof row !== 'string' || row === '') throw new BadRequestException('A row is empty.');
    return row;
  }
}

/** While the database cannot answer, its last answer is given again. */
@Injectable()
class Reports extends Tables {
  readonly #last = new Map<string, Row[]>();

  async report(days = '365'): Promise<Row[]> {
    try {
      const rows = await this.many(
        `select id, body from note where tenant_id = $1 and coalesce(deleted_at, now()) > now() - ($2 || ' days')::interval`,
        this.tenantId,
        days,
      );
      this.#last.set(this.key(), rows);
      return rows;
    } catch {
      return this.#last.get(this.key()) ?? [];
    }
  }

  protected key(): string {
    return this.tenantId;
  }
}

/** Labels have a fixed width, as their printers want it. */
@Injectable()
class Labels extends Tables {
  print(text: string): Buffer {
    const label = this.blank();
    label.write(text, 'latin1');
    return label;
  }

  protected blank(): Buffer {
    return Buffer.alloc(120, ' ');
  }
}

/** Lines are written together, a little later. */
@Injectable()
class Activity extends Tables {
  protected lines: { readonly tenantId: string; readonly line: string }[] = [];
  #timer: NodeJS.Timeout | undefined;
  readonly #written = new Map<string, string[]>();

  add(line: string): void {
    this.lines.push({ tenantId: this.tenantId, line });
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      for (const { tenantId, line } of this.lines.splice(0)) this.write(tenantId, line);
    }, 25).unref();
  }

  read(): { lines: readonly string[] } {
    return { lines: this.#written.get(this.tenantId) ?? [] };
  }

  protected write(tenantId: string, line: string): void {
    this.#written.set(tenantId, [...(this.#written.get(tenantId) ?? []), line].slice(-20));
  }
}

@Controller()
class SituationsController {
  constructor(
    @Inject(SearchServer) private readonly search: SearchServer,
    @Inject(Overview) private readonly overview: Overview,
    @Inject(Candidates) private readonly candidates: Candidates,
    @Inject(Imports) private readonly imports: Imports,
    @Inject(Reports) private readonly reports: Reports,
    @Inject(Labels) private readonly labels: Labels,
    @Inject(Activity) private readonly activity: Activity,
  ) {}

  @Get('jobs/found')
  ask(@Res({ passthrough: true }) response: Response) {
    return this.search.ask(response);
  }

  @Get('overview')
  show() {
    return this.overview.show();
  }

  @Get('candidates')
  list() {
    return this.candidates.list();
  }

  @Post('imports')
  import(@Body() { rows }: RowsBody) {
    return this.imports.import(rows);
  }

  @Get('report')
  report(@Query() { days }: DaysQuery) {
    return this.reports.report(days);
  }

  @Post('labels')
  @HttpCode(200)
  print(@Body() { text }: LabelBody, @Res() response: Response) {
    response.type('text/plain; charset=latin1').send(this.labels.print(text));
  }

  @Post('activity')
  @HttpCode(204)
  add(@Body() { line }: LineBody) {
    this.activity.add(line);
  }

  @Get('activity')
  read() {
    return this.activity.read();
  }
}

/** Asks as acme while `theirs` of globex's requests are under way: true when something of globex's is shown. */
function amongThem({ acme, globex, shows }: Scene, path: string, theirs: number): Promise<boolean> {
  return again(async () => {
    const crowd = Array.from({ length: theirs }, () => globex.get(path));
    const answers = await Promise.all([acme.get(path), acme.get(path), acme.get(path)]);
    await Promise.all(crowd);
    // Until nothing is known any more.
    await sleep(60);
    return shows(answers.map(({ body }) => body));
  });
}

export const situations: Twins = {
  about: 'What takes a situation',
  correct: {
    controllers: [SituationsController],
    providers: [SearchServer, Overview, Candidates, Imports, Reports, Labels, Activity],
    configure: (app) => {
      app.useGlobalPipes(new ValidationPipe());
    },
  },
  examples: {
    'POST /imports': (_rows, { canary }) => ({ body: { rows: [canary('row')] } }),
  },
  leaks: [
    {
      name: 'the reply to a request that was cancelled, on a connection that all share',
      entrance: 'GET /jobs/found',
      leaky: instead(
        SearchServer,
        class extends SearchServer {
          protected override gaveUp(waiting: Waiting) {
            const at = this.waiting.indexOf(waiting);
            if (at >= 0) this.waiting.splice(at, 1);
          }
        },
      ),
      byHand: (scene) =>
        again(async () => {
          await hangUp(scene, scene.globex, '/jobs/found', 15);
          return scene.shows((await scene.acme.get('/jobs/found')).body);
        }),
    },
    {
      name: 'a single flight while nothing is known yet',
      entrance: 'GET /overview',
      leaky: instead(
        Overview,
        class extends Overview {
          protected override keyOf(name: string) {
            return name;
          }
        },
      ),
      byHand: (scene) => amongThem(scene, '/overview', 1),
    },
    {
      name: 'a common answer when there are too many requests',
      entrance: 'GET /candidates',
      leaky: instead(
        Candidates,
        class extends Candidates {
          protected override crowd() {
            return 'all';
          }
        },
      ),
      byHand: (scene) => amongThem(scene, '/candidates', 30),
    },
    {
      name: 'rows that a failed import has left behind',
      entrance: 'POST /imports',
      leaky: instead(
        Imports,
        class extends Imports {
          #pending: string[] = [];

          override import(rows: readonly unknown[]) {
            for (const row of rows) this.#pending.push(this.checked(row));
            const imported = this.#pending;
            this.#pending = [];
            return { imported };
          }
        },
      ),
      byHand: async ({ acme, globex, theirs, shows }) => {
        await globex.post('/imports', { rows: [theirs.job.title, ''] });
        return shows((await acme.post('/imports', { rows: ['a row'] })).body);
      },
    },
    {
      name: 'the last answer that went well, in place of one that does not',
      entrance: 'GET /report',
      leaky: instead(
        Reports,
        class extends Reports {
          protected override key() {
            return 'report';
          }
        },
      ),
      byHand: async ({ acme, globex, shows }) => {
        await globex.get('/report');
        return shows((await acme.get('/report', { query: { days: 'many' } })).body);
      },
    },
    {
      name: 'a buffer that is used again and not cleared',
      entrance: 'POST /labels',
      leaky: instead(
        Labels,
        class extends Labels {
          readonly #scratch = Buffer.alloc(120, ' ');

          protected override blank() {
            return this.#scratch;
          }
        },
      ),
      byHand: async ({ acme, globex, theirs, shows }) => {
        await globex.post('/labels', { text: `To: ${theirs.candidate.name}` });
        return shows((await acme.post('/labels', { text: 'To:' })).text);
      },
    },
    {
      name: 'lines that a timer writes, all for the tenant that set it',
      entrance: 'POST /activity',
      leaky: instead(
        Activity,
        class extends Activity {
          protected override write(_tenantId: string, line: string) {
            super.write(this.tenantId, line);
          }
        },
      ),
      byHand: ({ acme, globex, theirs, shows }) =>
        again(async () => {
          await Promise.all([
            acme.post('/activity', { line: 'acme was here' }),
            sleep(5).then(() => globex.post('/activity', { line: theirs.job.title })),
          ]);
          await sleep(60);
          return shows((await acme.get('/activity')).body);
        }),
    },
  ],
};
