import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Controller,
  Get,
  Header,
  Inject,
  Injectable,
  Logger,
  type OnModuleDestroy,
  Post,
  Redirect,
  Res,
} from '@nestjs/common';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import { instead, type Leak, type Twins } from '../leak.js';
import { type Row, Tables } from '../tables.js';

/** By which way rows leave. */
type Way = 'header' | 'etag' | 'cookie' | 'location' | 'page' | 'link' | 'csv' | 'file' | 'log' | 'event';

@Injectable()
class Rows extends Tables {
  jobs(_way?: Way): Promise<Row[]> {
    return this.many('select id, title from job where tenant_id = $1 order by created_at desc', this.tenantId);
  }

  candidates(_way?: Way): Promise<Row[]> {
    return this.many('select name, email from candidate where tenant_id = $1', this.tenantId);
  }

  fileName(): string {
    return `${this.tenantId}.txt`;
  }
}

/** The rows of all tenants leave, by one way. */
function leaking(leaky: Way) {
  return instead(
    Rows,
    class extends Rows {
      override jobs(way?: Way) {
        return way === leaky ? this.many('select id, title from job order by created_at desc') : super.jobs(way);
      }

      override candidates(way?: Way) {
        return way === leaky ? this.many('select name, email from candidate') : super.candidates(way);
      }
    },
  );
}

const folder = join(tmpdir(), `tenancy-corpus-${process.pid}`);

interface PlainResponse {
  setHeader(name: string, value: string): void;
}

@Controller()
class ExitsController implements OnModuleDestroy {
  private readonly logger = new Logger('Exits');

  constructor(
    @Inject(Rows) private readonly rows: Rows,
    @Inject(EventEmitter2) private readonly events: EventEmitter2,
  ) {}

  onModuleDestroy(): Promise<void> {
    return rm(folder, { recursive: true, force: true });
  }

  @Get('with-header')
  async header(@Res({ passthrough: true }) response: PlainResponse) {
    response.setHeader('x-latest', latest(await this.rows.jobs('header'))['title']);
    return this.rows.jobs();
  }

  @Get('with-etag')
  async etag(@Res({ passthrough: true }) response: PlainResponse) {
    response.setHeader('etag', `"${latest(await this.rows.jobs('etag'))['id']}"`);
    return this.rows.jobs();
  }

  @Get('with-cookie')
  async cookie(@Res({ passthrough: true }) response: PlainResponse) {
    const last = JSON.stringify(latest(await this.rows.jobs('cookie')));
    response.setHeader('set-cookie', `last=${encodeURIComponent(last)}; Path=/; HttpOnly`);
    return this.rows.jobs();
  }

  @Get('latest')
  @Redirect()
  async location() {
    return { url: `/jobs/${latest(await this.rows.jobs('location'))['id']}`, statusCode: 302 };
  }

  @Get('page')
  @Header('content-type', 'text/html; charset=utf-8')
  async page() {
    const items = (await this.rows.jobs('page')).map(({ title }) => `<li>${title.replaceAll('<', '&lt;')}</li>`);
    return `<!doctype html><title>Jobs</title><ul>${items.join('')}</ul>`;
  }

  @Get('link')
  async link() {
    const shared = { titles: (await this.rows.jobs('link')).map(({ title }) => title) };
    return { token: Buffer.from(JSON.stringify(shared)).toString('base64url') };
  }

  @Get('candidates.csv')
  @Header('content-type', 'text/csv')
  async csv() {
    return ['name;email', ...(await this.rows.candidates('csv')).map(({ name, email }) => `${name};${email}`)].join(
      '\n',
    );
  }

  /** Written again when it is a second old. */
  @Get('export')
  @Header('content-type', 'text/plain')
  async file() {
    await mkdir(folder, { recursive: true });
    const file = join(folder, this.rows.fileName());
    const age = await stat(file).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => Number.POSITIVE_INFINITY,
    );
    if (age > 1_000) await writeFile(file, (await this.rows.candidates()).map(({ name }) => name).join('\n'));
    return readFile(file, 'utf8');
  }

  @Get('logged')
  async log() {
    this.logger.debug(`loaded ${JSON.stringify(await this.rows.jobs('log'))}`);
    return this.rows.jobs();
  }

  @Post('mailing')
  async event() {
    this.events.emit('mailing.requested', { to: await this.rows.candidates('event') });
    return this.rows.candidates();
  }
}

const latest = ([row]: readonly Row[]): Row => row ?? {};

const answers =
  (path: string): Leak['byHand'] =>
  async ({ acme, plantTheirs, shows }) => {
    // The latest row has to be one of globex's.
    const { job } = await plantTheirs();
    const { text, headers } = await acme.get(path);
    const seen = decoded([text, ...Object.values(headers).flat()].join('\n'));
    return shows(seen) || seen.includes(job.id);
  };

/** With what is base64 in it. */
const decoded = (text: string): string =>
  text.replaceAll(/[\w-]{40,}/g, (part) => `${part} ${Buffer.from(part, 'base64url').toString('utf8')}`);

export const exits: Twins = {
  about: 'Every way out',
  correct: { imports: [EventEmitterModule.forRoot()], controllers: [ExitsController], providers: [Rows] },
  leaks: [
    {
      name: 'a response header',
      entrance: 'GET /with-header',
      caughtBy: ['own'],
      leaky: leaking('header'),
      byHand: answers('/with-header'),
    },
    {
      name: 'an ETag',
      entrance: 'GET /with-etag',
      caughtBy: ['own'],
      leaky: leaking('etag'),
      byHand: answers('/with-etag'),
    },
    {
      name: 'a cookie',
      entrance: 'GET /with-cookie',
      caughtBy: ['own'],
      leaky: leaking('cookie'),
      byHand: answers('/with-cookie'),
    },
    {
      name: 'the address of a redirect',
      entrance: 'GET /latest',
      caughtBy: ['own'],
      leaky: leaking('location'),
      byHand: answers('/latest'),
    },
    {
      name: 'an HTML page',
      entrance: 'GET /page',
      caughtBy: ['own'],
      leaky: leaking('page'),
      byHand: answers('/page'),
    },
    {
      name: 'a token in base64',
      entrance: 'GET /link',
      caughtBy: ['own'],
      leaky: leaking('link'),
      byHand: answers('/link'),
    },
    {
      name: 'an export as CSV',
      entrance: 'GET /candidates.csv',
      caughtBy: ['own'],
      leaky: leaking('csv'),
      byHand: answers('/candidates.csv'),
    },
    {
      name: 'a file that tenants share',
      entrance: 'GET /export',
      caughtBy: ['warm-cache'],
      leaky: instead(
        Rows,
        class extends Rows {
          override fileName() {
            return 'candidates.txt';
          }
        },
      ),
      byHand: async ({ acme, globex, shows }) => {
        await globex.get('/export');
        return shows(await acme.get('/export'));
      },
    },
    {
      name: 'a log line',
      entrance: 'GET /logged',
      caughtBy: ['own'],
      leaky: leaking('log'),
      byHand: async ({ harness, acme, shows }) => shows((await harness.recorder.record(() => acme.get('/logged'))).log),
    },
    {
      name: 'the payload of an event',
      entrance: 'POST /mailing',
      caughtBy: ['own'],
      leaky: leaking('event'),
      byHand: async ({ harness, acme, shows }) => {
        const payloads: unknown[] = [];
        harness.app.get(EventEmitter2).on('mailing.requested', (payload) => payloads.push(payload));
        await acme.post('/mailing');
        return shows(payloads);
      },
    },
  ],
};
