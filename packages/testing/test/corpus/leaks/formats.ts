import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Injectable,
  type OnModuleDestroy,
  type OnModuleInit,
  Param,
  Put,
  Res,
  ValidationPipe,
} from '@nestjs/common';
import { fromJwt } from '@tenancy/core';
import { IsString } from 'class-validator';
import type { Response } from 'express';
import { SECRET } from '../hiring-application.js';
import { instead, type Twins } from '../leak.js';
import { raw } from '../raw.js';
import { type Row, Tables } from '../tables.js';

class TextBody {
  @IsString() text!: string;
}

/** A browser asks whether the list is another one than before. */
@Injectable()
class Jobs extends Tables {
  list(): Promise<Row[]> {
    return this.many('select id, title from job where tenant_id = $1', this.tenantId);
  }

  async tag(): Promise<string> {
    const { version } = await this.version();
    return `"${createHash('sha256').update(`${this.tenantId} ${version}`).digest('base64url')}"`;
  }

  protected version(): Promise<Row> {
    return this.one('select count(*) || max(created_at)::text as version from job where tenant_id = $1', this.tenantId);
  }
}

@Injectable()
class Candidates extends Tables {
  list(): Promise<Row[]> {
    return this.many('select id, name from candidate where tenant_id = $1', this.tenantId);
  }

  async modified(): Promise<Date> {
    return (await this.newest())['at'] ?? new Date(0);
  }

  async total(): Promise<number> {
    return (await this.counted())['count'];
  }

  protected newest(): Promise<Row> {
    return this.one('select max(created_at) as at from candidate where tenant_id = $1', this.tenantId);
  }

  protected counted(): Promise<Row> {
    return this.one('select count(*)::int from candidate where tenant_id = $1', this.tenantId);
  }
}

@Injectable()
class Profile extends Tables {
  readonly caching: string = 'private, max-age=60';

  show(): Promise<Row[]> {
    return this.many('select id, customer from invoice where tenant_id = $1', this.tenantId);
  }
}

/** A long list is sent as it comes, and its newest name after it. */
@Injectable()
class People extends Tables {
  list(): Promise<Row[]> {
    return this.many('select id, name from candidate where tenant_id = $1 order by created_at', this.tenantId);
  }

  async newest(): Promise<string> {
    const [row] = await this.rows();
    return row?.['name'] ?? '';
  }

  protected rows(): Promise<Row[]> {
    return this.many('select name from candidate where tenant_id = $1 order by created_at desc limit 1', this.tenantId);
  }
}

@Injectable()
class Openings extends Tables {
  show(id: string): Promise<Row> {
    return this.one('select id, title, created_at from job where id = $1 and tenant_id = $2', id, this.tenantId);
  }

  /** For the arrow that leads on. */
  next({ id, created_at }: Row): Promise<Row[]> {
    return this.many(
      'select id from job where tenant_id = $1 and created_at >= $2 and id <> $3 order by created_at limit 1',
      this.tenantId,
      created_at,
      id,
    );
  }
}

@Injectable()
class Files extends Tables implements OnModuleInit, OnModuleDestroy {
  #folder = '';

  async onModuleInit(): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), 'files-'));
  }

  async onModuleDestroy(): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }

  async put(name: string, text: string): Promise<void> {
    await mkdir(join(this.#folder, this.tenantId), { recursive: true });
    await writeFile(join(this.#folder, this.tenantId, basename(name)), text);
  }

  read(name: string): Promise<string> {
    return readFile(join(this.#folder, this.tenantId, this.cleaned(name)), 'utf8').catch(() => '');
  }

  protected cleaned(name: string): string {
    return basename(name);
  }
}

@Controller()
class FormatsController {
  constructor(
    @Inject(Jobs) private readonly jobs: Jobs,
    @Inject(Candidates) private readonly candidates: Candidates,
    @Inject(Profile) private readonly profile: Profile,
    @Inject(People) private readonly people: People,
    @Inject(Openings) private readonly openings: Openings,
    @Inject(Files) private readonly files: Files,
  ) {}

  @Get('jobs')
  async listJobs(@Res({ passthrough: true }) response: Response) {
    response.set('etag', await this.jobs.tag());
    return this.jobs.list();
  }

  @Get('candidates')
  async listCandidates(@Res({ passthrough: true }) response: Response) {
    response.set('last-modified', (await this.candidates.modified()).toUTCString());
    response.set('x-total-count', String(await this.candidates.total()));
    return this.candidates.list();
  }

  @Get('profile')
  show(@Res({ passthrough: true }) response: Response) {
    response.set('cache-control', this.profile.caching);
    return this.profile.show();
  }

  @Get('people')
  async stream(@Res() response: Response) {
    response.set({ 'content-type': 'application/x-ndjson', trailer: 'x-newest' });
    for (const row of await this.people.list()) response.write(`${JSON.stringify(row)}\n`);
    response.addTrailers({ 'x-newest': await this.people.newest() });
    response.end();
  }

  @Get('jobs/:id')
  async opening(@Param('id') id: string, @Res({ passthrough: true }) response: Response) {
    const job = await this.openings.show(id);
    const [next] = await this.openings.next(job);
    if (next) response.set('link', `</jobs/${next['id']}>; rel="next"`);
    return { id: job['id'], title: job['title'] };
  }

  @Put('files/:name')
  @HttpCode(204)
  put(@Param('name') name: string, @Body() { text }: TextBody) {
    return this.files.put(name, text);
  }

  @Get('files/:name')
  read(@Param('name') name: string) {
    return this.files.read(name);
  }
}

export const formats: Twins = {
  about: 'Headers of answers',
  correct: {
    // All tenants at one host.
    sources: [fromJwt({ secret: SECRET })],
    controllers: [FormatsController],
    providers: [Jobs, Candidates, Profile, People, Openings, Files],
    configure: (app) => {
      app.useGlobalPipes(new ValidationPipe());
    },
  },
  host: 'api.localhost',
  examples: {
    'PUT /files/:name': { path: { name: 'plan' } },
    'GET /files/:name': { path: { name: 'plan' } },
  },
  leaks: [
    {
      name: 'an ETag that changes with the rows of others',
      entrance: 'GET /jobs',
      leaky: instead(
        Jobs,
        class extends Jobs {
          protected override version() {
            return this.one('select count(*) || max(created_at)::text as version from job');
          }
        },
      ),
      byHand: async ({ acme, plantTheirs }) => {
        const before = (await acme.get('/jobs')).headers['etag'];
        await plantTheirs();
        return (await acme.get('/jobs')).headers['etag'] !== before;
      },
    },
    {
      name: 'a moment of the last change to rows of anybody',
      entrance: 'GET /candidates',
      leaky: instead(
        Candidates,
        class extends Candidates {
          protected override newest() {
            return this.one('select max(created_at) as at from candidate');
          }
        },
      ),
      byHand: async ({ acme, plantTheirs }) => {
        const before = (await acme.get('/candidates')).headers['last-modified'];
        await sleep(1_100);
        await plantTheirs();
        return (await acme.get('/candidates')).headers['last-modified'] !== before;
      },
    },
    {
      name: 'a total in a header that counts all tenants',
      entrance: 'GET /candidates',
      leaky: instead(
        Candidates,
        class extends Candidates {
          protected override counted() {
            return this.one('select count(*)::int from candidate');
          }
        },
      ),
      byHand: async ({ acme, plantTheirs }) => {
        const before = (await acme.get('/candidates')).headers['x-total-count'];
        await plantTheirs();
        return (await acme.get('/candidates')).headers['x-total-count'] !== before;
      },
    },
    {
      name: 'an answer that caches may keep for everybody, at a host that all share',
      entrance: 'GET /profile',
      leaky: instead(
        Profile,
        class extends Profile {
          override readonly caching = 'public, max-age=60';
        },
      ),
      byHand: async ({ acme, globex, shows }) => {
        const headers = { host: 'api.localhost' };
        const first = await globex.get('/profile', { headers });
        const isKept =
          /public/.test(String(first.headers['cache-control'])) &&
          !/authorization/i.test(String(first.headers['vary']));
        return shows((isKept ? first : await acme.get('/profile', { headers })).body);
      },
    },
    {
      name: 'a trailer after a stream',
      entrance: 'GET /people',
      leaky: instead(
        People,
        class extends People {
          protected override rows() {
            return this.many('select name from candidate order by created_at desc limit 1');
          }
        },
      ),
      byHand: async (scene) => scene.shows((await raw(scene, scene.acme, '/people')).trailers),
    },
    {
      name: 'a link to the next row, which is that of another tenant',
      entrance: 'GET /jobs/:id',
      leaky: instead(
        Openings,
        class extends Openings {
          override next({ id, created_at }: Row) {
            return this.many(
              'select id from job where created_at >= $1 and id <> $2 order by created_at limit 1',
              created_at,
              id,
            );
          }
        },
      ),
      byHand: async ({ acme, ours, theirs }) => {
        const { headers } = await acme.get(`/jobs/${ours.job.id}`);
        return String(headers['link']).includes(theirs.job.id);
      },
    },
    {
      name: 'a name of a file with an encoded way out of the folder',
      entrance: 'GET /files/:name',
      leaky: instead(
        Files,
        class extends Files {
          protected override cleaned(name: string) {
            return name.replace(/^\.\.\//, '');
          }
        },
      ),
      byHand: async ({ acme, globex, theirs, shows }) => {
        await globex.put('/files/plan', { text: theirs.note.body });
        return shows((await acme.get('/files/..%2F..%2Ft_globex%2Fplan')).text);
      },
    },
  ],
};
