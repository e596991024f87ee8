import { createHash, randomUUID } from 'node:crypto';
import {
  Body,
  Controller,
  Get,
  Header,
  Headers,
  Inject,
  Injectable,
  NotFoundException,
  Param,
  Patch,
  PreconditionFailedException,
  ValidationPipe,
} from '@nestjs/common';
import { IsString } from 'class-validator';
import { instead, type Twins } from '../leak.js';
import { type Row, Tables } from '../tables.js';

class NoteBody {
  @IsString() body!: string;
}

/** A failure says what was done before it, so that support can follow. */
@Injectable()
class Jobs extends Tables {
  readonly #trails = new Map<string, string[]>();

  async find(id: string): Promise<Row> {
    const [job] = await this.many('select id, title from job where id = $1 and tenant_id = $2', id, this.tenantId);
    const trail = this.#trails.get(this.key()) ?? [];
    if (!job) throw new NotFoundException({ message: 'No such job', trail });
    this.#trails.set(this.key(), [...trail, `read ${job['title']}`].slice(-5));
    return job;
  }

  protected key(): string {
    return this.tenantId;
  }
}

const versionOf = (body: string) => createHash('sha256').update(body).digest('hex').slice(0, 8);

/** With `If-Match`, a note is changed as it was read, or not at all. */
@Injectable()
class Notes extends Tables {
  async change(id: string, { body }: NoteBody, version?: string): Promise<Row> {
    if (version) {
      const current = await this.current(id);
      if (versionOf(current['body']) !== version) throw new PreconditionFailedException({ current });
    }
    return this.one(
      'update note set body = $1 where id = $2 and tenant_id = $3 returning id, body',
      body,
      id,
      this.tenantId,
    );
  }

  protected current(id: string): Promise<Row> {
    return this.one('select id, body from note where id = $1 and tenant_id = $2', id, this.tenantId);
  }
}

/** All letters are one text, of which a part may be asked for. */
@Injectable()
class Letters extends Tables {
  async text(range = ''): Promise<string> {
    const own = await this.letters('tenant_id = $1');
    const [, from = '0', to = String(own.length - 1)] = /^bytes=(\d+)-(\d+)?$/.exec(range) ?? [];
    return (await this.archive(own)).slice(Number(from), Number(to) + 1);
  }

  protected async archive(own: string): Promise<string> {
    return own;
  }

  protected async letters(condition: string): Promise<string> {
    const rows = await this.many(`select letter from application where ${condition} order by id`, this.tenantId);
    return rows.map(({ letter }) => `${letter}\n`).join('');
  }
}

/** Words of each tenant for jobs, in each language; English is not translated. */
@Injectable()
class Labels extends Tables {
  readonly #translated = new Map<string, Row>();

  async of(language = 'en'): Promise<Row> {
    const [first = 'en'] = language.split(/[,;]/);
    if (first.startsWith('en')) return this.read('Job');
    const known =
      this.#translated.get(this.key(first)) ?? (await this.read(first.startsWith('de') ? 'Stelle' : 'Poste'));
    this.#translated.set(this.key(first), known);
    return known;
  }

  protected key(language: string): string {
    return `${this.tenantId}:${language}`;
  }

  private async read(word: string): Promise<Row> {
    const jobs = await this.many('select title from job where tenant_id = $1 order by created_at', this.tenantId);
    return { labels: jobs.map(({ title }) => `${word}: ${title}`) };
  }
}

@Controller()
class RequestsController {
  constructor(
    @Inject(Jobs) private readonly jobs: Jobs,
    @Inject(Notes) private readonly notes: Notes,
    @Inject(Letters) private readonly letters: Letters,
    @Inject(Labels) private readonly labels: Labels,
  ) {}

  @Get('jobs/:id')
  job(@Param('id') id: string) {
    return this.jobs.find(id);
  }

  @Patch('notes/:id')
  change(@Param('id') id: string, @Body() body: NoteBody, @Headers('if-match') version?: string) {
    return this.notes.change(id, body, version);
  }

  @Get('letters.txt')
  @Header('content-type', 'text/plain')
  text(@Headers('range') range?: string) {
    return this.letters.text(range);
  }

  @Get('labels')
  words(@Headers('accept-language') language?: string) {
    return this.labels.of(language);
  }
}

export const requests: Twins = {
  about: 'Headers and failures',
  correct: {
    controllers: [RequestsController],
    providers: [Jobs, Notes, Letters, Labels],
    configure: (app) => {
      app.useGlobalPipes(new ValidationPipe());
    },
  },
  leaks: [
    {
      name: 'a failure that tells what anybody did before it',
      entrance: 'GET /jobs/:id',
      leaky: instead(
        Jobs,
        class extends Jobs {
          protected override key() {
            return 'trail';
          }
        },
      ),
      byHand: async ({ acme, globex, theirs, shows }) => {
        await globex.get(`/jobs/${theirs.job.id}`);
        return shows((await acme.get(`/jobs/${randomUUID()}`)).body);
      },
    },
    {
      name: 'a failed precondition that shows the row as it is, whosever it is',
      entrance: 'PATCH /notes/:id',
      leaky: instead(
        Notes,
        class extends Notes {
          protected override current(id: string) {
            return this.one('select id, body from note where id = $1', id);
          }
        },
      ),
      byHand: async ({ acme, theirs, shows }) => {
        const headers = { 'if-match': 'another version' };
        return shows((await acme.patch(`/notes/${theirs.note.id}`, { body: 'Mine now.' }, { headers })).body);
      },
    },
    {
      name: 'a range that reaches beyond what is the own',
      entrance: 'GET /letters.txt',
      leaky: instead(
        Letters,
        class extends Letters {
          protected override async archive(own: string) {
            return own + (await this.letters('tenant_id <> $1'));
          }
        },
      ),
      byHand: async ({ acme, shows }) => {
        const { body } = await acme.get('/letters.txt', { headers: { range: 'bytes=0-999999' } });
        return shows(body);
      },
    },
    {
      name: 'words of a language that are kept for everybody who speaks it',
      entrance: 'GET /labels',
      leaky: instead(
        Labels,
        class extends Labels {
          protected override key(language: string) {
            return language;
          }
        },
      ),
      byHand: async ({ acme, globex, shows }) => {
        const headers = { 'accept-language': 'de-CH,de;q=0.9' };
        await globex.get('/labels', { headers });
        return shows((await acme.get('/labels', { headers })).body);
      },
    },
  ],
};
