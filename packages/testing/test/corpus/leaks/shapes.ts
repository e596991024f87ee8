import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve, sep } from 'node:path';
import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Injectable,
  NotFoundException,
  type OnModuleDestroy,
  type OnModuleInit,
  Param,
  Put,
  Query,
  ValidationPipe,
} from '@nestjs/common';
import { IsString } from 'class-validator';
import { instead, type Twins } from '../leak.js';
import { type Row, Tables } from '../tables.js';

class TextBody {
  @IsString() text!: string;
}

/** A store of texts by their keys, such as all clouds have. */
@Injectable()
class Store {
  readonly #texts = new Map<string, string>();

  put(key: string, text: string): void {
    this.#texts.set(key, text);
  }

  get(key: string): string | undefined {
    return this.#texts.get(key);
  }

  list(prefix: string): { key: string; text: string }[] {
    return [...this.#texts].flatMap(([key, text]) => (key.startsWith(prefix) ? [{ key, text }] : []));
  }

  delete(prefix: string): void {
    for (const { key } of this.list(prefix)) this.#texts.delete(key);
  }
}

@Injectable()
class Documents extends Tables {
  @Inject(Store) protected readonly store!: Store;

  list(): { key: string; text: string }[] {
    return this.store.list(this.prefix());
  }

  put(name: string, text: string): void {
    this.store.put(`${this.tenantId}/${name}`, text);
  }

  protected prefix(): string {
    return `${this.tenantId}/`;
  }
}

@Injectable()
class Drafts extends Tables {
  @Inject(Store) protected readonly store!: Store;

  put(name: string, text: string): void {
    this.store.put(this.keyOf(name), text);
  }

  get(name: string): { text: string } {
    return { text: this.store.get(this.keyOf(name)) ?? '' };
  }

  clear(): void {
    this.store.delete(this.everything());
  }

  protected everything(): string {
    return `drafts/${this.tenantId}/`;
  }

  protected keyOf(name: string): string {
    return `drafts/${this.tenantId}/${name}`;
  }
}

/** Sizes of folders, by the part of the key that says whose they are. */
@Injectable()
class Snippets extends Tables {
  @Inject(Store) protected readonly store!: Store;

  put(name: string, text: string): void {
    this.store.put(this.keyOf(name), text);
  }

  all(): string[] {
    return this.store
      .list('snippets:')
      .filter(({ key }) => this.ownerOf(key) === this.ownerOf(this.keyOf('any')))
      .map(({ text }) => text);
  }

  protected keyOf(name: string): string {
    return `snippets:${this.tenantId}:${name}`;
  }

  protected ownerOf(key: string): string {
    return key.split(':')[1] ?? '';
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
    await mkdir(this.root(), { recursive: true });
    await writeFile(this.pathOf(name), text);
  }

  async get(name: string): Promise<{ text: string }> {
    return { text: await readFile(this.pathOf(name), 'utf8').catch(() => '') };
  }

  protected isInside(path: string): boolean {
    return path.startsWith(this.root() + sep);
  }

  protected root(): string {
    return join(this.#folder, this.tenantId);
  }

  private pathOf(name: string): string {
    const path = resolve(this.root(), name);
    if (!this.isInside(path)) throw new NotFoundException();
    return path;
  }
}

/** Tenants may have parts of their own, which are named after them. */
@Injectable()
class Jobs extends Tables {
  all(): Promise<Row[]> {
    return this.many(`select id, title from job where tenant_id = $1 or tenant_id like $1 || '/%'`, this.tenantId);
  }

  async remove(category: string): Promise<void> {
    await this.many('delete from job where tenant_id = $1 and category = $2', this.tenantId, category);
  }
}

/** Members of a company are known by the domain of their mail address. */
@Injectable()
class Candidates extends Tables {
  async matching(text: string): Promise<Row[]> {
    const rows = await this.many('select tenant_id, id, name from candidate where name ilike $1', `%${text}%`);
    return rows.filter((row) => this.isOurs(row['tenant_id'])).map(({ id, name }) => ({ id, name }));
  }

  protected isOurs(tenantId: string): boolean {
    return tenantId === this.tenantId;
  }
}

/** Names of tables in the warehouse may not be long. */
@Injectable()
class Warehouse extends Tables {
  readonly #tables = new Map<string, Row[]>();

  async load(): Promise<{ table: number }> {
    const rows = await this.many('select id, letter from application where tenant_id = $1', this.tenantId);
    this.#tables.set(this.nameOf(), rows);
    return { table: rows.length };
  }

  read(): Row[] {
    return this.#tables.get(this.nameOf()) ?? [];
  }

  protected nameOf(): string {
    return `letters_of_${this.tenantId}`;
  }
}

@Controller()
class ShapesController {
  constructor(
    @Inject(Documents) private readonly documents: Documents,
    @Inject(Drafts) private readonly drafts: Drafts,
    @Inject(Snippets) private readonly snippets: Snippets,
    @Inject(Files) private readonly files: Files,
    @Inject(Jobs) private readonly jobs: Jobs,
    @Inject(Candidates) private readonly candidates: Candidates,
    @Inject(Warehouse) private readonly warehouse: Warehouse,
  ) {}

  @Put('documents/:name')
  @HttpCode(204)
  putDocument(@Param('name') name: string, @Body() { text }: TextBody) {
    this.documents.put(name, text);
  }

  @Get('documents')
  listDocuments() {
    return this.documents.list();
  }

  @Put('drafts/:name')
  @HttpCode(204)
  putDraft(@Param('name') name: string, @Body() { text }: TextBody) {
    this.drafts.put(name, text);
  }

  @Get('drafts/:name')
  getDraft(@Param('name') name: string) {
    return this.drafts.get(name);
  }

  @Delete('drafts')
  @HttpCode(204)
  clear() {
    this.drafts.clear();
  }

  @Put('snippets/:name')
  @HttpCode(204)
  putSnippet(@Param('name') name: string, @Body() { text }: TextBody) {
    this.snippets.put(name, text);
  }

  @Get('snippets')
  listSnippets() {
    return this.snippets.all();
  }

  @Put('files/:name')
  @HttpCode(204)
  putFile(@Param('name') name: string, @Body() { text }: TextBody) {
    return this.files.put(name, text);
  }

  @Get('files/:name')
  getFile(@Param('name') name: string) {
    return this.files.get(name);
  }

  @Get('jobs')
  listJobs() {
    return this.jobs.all();
  }

  @Delete('jobs')
  @HttpCode(204)
  remove(@Query('category') category: string) {
    return this.jobs.remove(category);
  }

  @Get('candidates/matching')
  matching(@Query('q') text: string) {
    return this.candidates.matching(text);
  }

  @Put('warehouse')
  load() {
    return this.warehouse.load();
  }

  @Get('warehouse')
  read() {
    return this.warehouse.read();
  }
}

const named = { path: { name: 'plan' } };

export const shapes: Twins = {
  about: 'Tenants whose names begin alike',
  tenants: [
    { id: 't_acme', slug: 'acme' },
    { id: 't_acme_labs', slug: 'acme-labs' },
  ],
  correct: {
    controllers: [ShapesController],
    providers: [Store, Documents, Drafts, Snippets, Files, Jobs, Candidates, Warehouse],
    configure: (app) => {
      app.useGlobalPipes(new ValidationPipe());
    },
  },
  examples: {
    'PUT /documents/:name': named,
    'PUT /drafts/:name': named,
    'GET /drafts/:name': named,
    'PUT /snippets/:name': named,
    'PUT /files/:name': named,
    'GET /files/:name': named,
    'DELETE /jobs': { query: { category: 'engineering' } },
  },
  leaks: [
    {
      name: 'a list by a prefix that does not end with the tenant',
      entrance: 'GET /documents',
      leaky: instead(
        Documents,
        class extends Documents {
          protected override prefix() {
            return this.tenantId;
          }
        },
      ),
      byHand: async ({ acme, globex, theirs, shows }) => {
        await globex.put('/documents/plan', { text: theirs.note.body });
        return shows((await acme.get('/documents')).body);
      },
    },
    {
      name: 'everything below a prefix that is cleared, with that of a namesake',
      entrance: 'DELETE /drafts',
      leaky: instead(
        Drafts,
        class extends Drafts {
          protected override everything() {
            return `drafts/${this.tenantId}`;
          }
        },
      ),
      byHand: async ({ acme, globex }) => {
        await globex.put('/drafts/letter', { text: 'Dear Sir' });
        await acme.delete('/drafts');
        return ((await globex.get('/drafts/letter')).body as Row)['text'] === '';
      },
    },
    {
      name: 'a key without anything between the tenant and the name',
      entrance: 'GET /drafts/:name',
      leaky: instead(
        Drafts,
        class extends Drafts {
          protected override keyOf(name: string) {
            return `drafts/${this.tenantId}${name}`;
          }
        },
      ),
      byHand: async ({ acme, globex, theirs, shows }) => {
        await globex.put('/drafts/letter', { text: theirs.note.body });
        return shows((await acme.get('/drafts/_labsletter')).body);
      },
    },
    {
      name: 'the owner of a key that is cut at a sign which tenants have in their ids',
      entrance: 'GET /snippets',
      leaky: instead(
        Snippets,
        class extends Snippets {
          protected override keyOf(name: string) {
            return `snippets:${this.tenantId}_${name}`;
          }

          protected override ownerOf(key: string) {
            return key.replace('snippets:', '').split('_').slice(0, 2).join('_');
          }
        },
      ),
      byHand: async ({ acme, globex, theirs, shows }) => {
        await globex.put('/snippets/greeting', { text: theirs.note.body });
        return shows((await acme.get('/snippets')).body);
      },
    },
    {
      name: 'a folder that begins as the own folder does',
      entrance: 'GET /files/:name',
      leaky: instead(
        Files,
        class extends Files {
          protected override isInside(path: string) {
            return path.startsWith(this.root());
          }
        },
      ),
      byHand: async ({ acme, globex, theirs, shows }) => {
        await globex.put('/files/plan', { text: theirs.note.body });
        return shows((await acme.get(`/files/${encodeURIComponent('../t_acme_labs/plan')}`)).body);
      },
    },
    {
      name: 'parts of a tenant, and those who are called like one',
      entrance: 'GET /jobs',
      leaky: instead(
        Jobs,
        class extends Jobs {
          override all() {
            return this.many(`select id, title from job where tenant_id like $1 || '%'`, this.tenantId);
          }
        },
      ),
      byHand: async ({ acme, shows }) => shows((await acme.get('/jobs')).body),
    },
    {
      name: 'a removal by a pattern of tenants',
      entrance: 'DELETE /jobs',
      leaky: instead(
        Jobs,
        class extends Jobs {
          override async remove(category: string) {
            await this.many('delete from job where tenant_id ~ $1 and category = $2', this.tenantId, category);
          }
        },
      ),
      byHand: ({ acme, harms }) => harms(() => acme.delete('/jobs', { query: { category: 'engineering' } })),
    },
    {
      name: 'a tenant that is looked for in the other, and found',
      entrance: 'GET /candidates/matching',
      leaky: instead(
        Candidates,
        class extends Candidates {
          protected override isOurs(tenantId: string) {
            return tenantId.includes(this.tenantId);
          }
        },
      ),
      byHand: async ({ acme, shows }) =>
        shows((await acme.get('/candidates/matching', { query: { q: 'canary' } })).body),
    },
    {
      name: 'a name that is cut where names may not be longer',
      entrance: 'GET /warehouse',
      leaky: instead(
        Warehouse,
        class extends Warehouse {
          protected override nameOf() {
            return super.nameOf().slice(0, 16);
          }
        },
      ),
      byHand: async ({ acme, globex, shows }) => {
        await globex.put('/warehouse');
        return shows((await acme.get('/warehouse')).body);
      },
    },
  ],
};
