import { createHash } from 'node:crypto';
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
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
  ParseIntPipe,
  Post,
  Put,
  UploadedFile,
  UseInterceptors,
  ValidationPipe,
} from '@nestjs/common';
import { FileInterceptor } from '@nestjs/platform-express';
import { IsString } from 'class-validator';
import { instead, type Twins } from '../leak.js';
import { Tables } from '../tables.js';

class DocumentBody {
  @IsString() text!: string;
}

@Injectable()
class Exports extends Tables implements OnModuleInit, OnModuleDestroy {
  protected folder = '';

  async onModuleInit(): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), 'exports-'));
  }

  async onModuleDestroy(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }

  async write(): Promise<{ rows: number }> {
    const rows = await this.many('select name, email from candidate where tenant_id = $1', this.tenantId);
    await writeFile(await this.file(), rows.map(({ name, email }) => `${name};${email}\n`).join(''));
    return { rows: rows.length };
  }

  async read(): Promise<string> {
    return readFile(await this.file(), 'utf8').catch(() => '');
  }

  protected async file(): Promise<string> {
    const folder = join(this.folder, this.tenantId);
    await mkdir(folder, { recursive: true });
    return join(folder, 'candidates.csv');
  }
}

/** Invoices are rendered once. */
@Injectable()
class Printer extends Exports {
  async print(number: number): Promise<string> {
    const { customer, amount } = await this.one(
      'select customer, amount from invoice where number = $1 and tenant_id = $2',
      number,
      this.tenantId,
    );
    const file = await this.rendered(number);
    const known = await readFile(file, 'utf8').catch(() => null);
    if (known) return known;
    const page = `Invoice ${number}\n${customer}\n${amount} EUR\n`;
    await writeFile(file, page);
    return page;
  }

  protected async rendered(number: number): Promise<string> {
    return join(this.folder, `${this.tenantId}-invoice-${number}.txt`);
  }
}

/** Lines of a diary, which is a file that grows. */
@Injectable()
class Diary extends Exports {
  async add(line: string): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    await appendFile(this.diary(), `${line}\n`);
  }

  async tail(): Promise<{ lines: string[] }> {
    const text = await readFile(this.diary(), 'utf8').catch(() => '');
    return { lines: text.split('\n').filter(Boolean).slice(-10) };
  }

  protected diary(): string {
    return join(this.folder, `diary-${this.tenantId}.log`);
  }
}

/** Photographs are kept under the names that they have on the computers of their senders. */
@Injectable()
class Photographs extends Exports {
  async put(name: string, content: Buffer): Promise<{ name: string }> {
    const path = join(this.folder, this.tenantId, 'photographs', this.cleaned(name));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    return { name: this.cleaned(name) };
  }

  async get(name: string): Promise<{ text: string }> {
    const path = join(this.folder, this.tenantId, 'photographs', basename(name));
    return { text: await readFile(path, 'latin1').catch(() => '') };
  }

  protected cleaned(name: string): string {
    return basename(name);
  }
}

/** Small pictures of texts, which are found again by their beginning. */
@Injectable()
class Previews extends Exports {
  async preview(text: string): Promise<{ preview: string }> {
    const path = join(this.folder, `${this.keyOf(text)}.txt`);
    const known = await readFile(path, 'utf8').catch(() => null);
    if (known) return { preview: known };
    const preview = text.slice(0, 200);
    await writeFile(path, preview);
    return { preview };
  }

  protected keyOf(text: string): string {
    return createHash('sha256').update(`${this.tenantId} ${text}`).digest('hex');
  }
}

class PutObjectCommand {
  constructor(readonly input: { readonly Key: string; readonly Body: string }) {}
}

class GetObjectCommand {
  constructor(readonly input: { readonly Key: string }) {}
}

/** A bucket, as the makers of buckets have us talk to it. */
@Injectable()
class Bucket {
  readonly #objects = new Map<string, string>();

  async send(command: PutObjectCommand | GetObjectCommand): Promise<string | undefined> {
    const { Key } = command.input;
    if (command instanceof PutObjectCommand) this.#objects.set(Key, command.input.Body);
    return this.#objects.get(Key);
  }
}

@Injectable()
class Documents extends Tables {
  @Inject(Bucket) private readonly bucket!: Bucket;

  async put(name: string, text: string): Promise<void> {
    await this.bucket.send(new PutObjectCommand({ Key: this.keyOf(name), Body: text }));
  }

  async get(name: string): Promise<{ text: string }> {
    const text = await this.bucket.send(new GetObjectCommand({ Key: this.keyOf(name) }));
    return { text: text ?? '' };
  }

  protected keyOf(name: string): string {
    return `${this.tenantId}/documents/${name}`;
  }
}

@Controller()
class FilesController {
  constructor(
    @Inject(Exports) private readonly exports: Exports,
    @Inject(Printer) private readonly printer: Printer,
    @Inject(Diary) private readonly diary: Diary,
    @Inject(Photographs) private readonly photographs: Photographs,
    @Inject(Previews) private readonly previews: Previews,
    @Inject(Documents) private readonly documents: Documents,
  ) {}

  @Post('exports')
  write() {
    return this.exports.write();
  }

  @Get('exports')
  read() {
    return this.exports.read();
  }

  @Get('invoices/:number/print')
  print(@Param('number', ParseIntPipe) number: number) {
    return this.printer.print(number);
  }

  @Put('documents/:name')
  @HttpCode(204)
  put(@Param('name') name: string, @Body() { text }: DocumentBody) {
    return this.documents.put(name, text);
  }

  @Get('documents/:name')
  get(@Param('name') name: string) {
    return this.documents.get(name);
  }

  @Post('diary')
  @HttpCode(204)
  add(@Body() { text }: DocumentBody) {
    return this.diary.add(text);
  }

  @Get('diary')
  tail() {
    return this.diary.tail();
  }

  @Post('photographs')
  @UseInterceptors(FileInterceptor('photograph', { preservePath: true }))
  putPhotograph(@UploadedFile() { originalname, buffer }: { originalname: string; buffer: Buffer }) {
    return this.photographs.put(originalname, buffer);
  }

  @Get('photographs/:name')
  getPhotograph(@Param('name') name: string) {
    return this.photographs.get(name);
  }

  @Post('previews')
  preview(@Body() { text }: DocumentBody) {
    return this.previews.preview(text);
  }
}

function photographOf(name: string, content: string): FormData {
  const form = new FormData();
  form.set('photograph', new Blob([content], { type: 'image/png' }), name);
  return form;
}

export const files: Twins = {
  about: 'Files and their names',
  correct: {
    controllers: [FilesController],
    providers: [Exports, Printer, Diary, Photographs, Previews, Bucket, Documents],
    configure: (app) => {
      app.useGlobalPipes(new ValidationPipe());
    },
  },
  examples: {
    'GET /invoices/:number/print': { path: { number: 1 } },
    'PUT /documents/:name': (_rows, { canary }) => ({ path: { name: 'plan' }, body: { text: canary('text') } }),
    'GET /documents/:name': { path: { name: 'plan' } },
    'POST /photographs': (_rows, { canary }) => ({ body: photographOf('face.png', canary('face')) }),
    'GET /photographs/:name': { path: { name: 'face.png' } },
  },
  leaks: [
    {
      name: 'a file under a name that all tenants have in common',
      entrance: 'POST /exports',
      leaky: instead(
        Exports,
        class extends Exports {
          protected override async file() {
            return join(this.folder, 'candidates.csv');
          }
        },
      ),
      byHand: async ({ acme, globex, shows }) => {
        await acme.post('/exports');
        await globex.post('/exports');
        return shows((await acme.get('/exports')).text);
      },
    },
    {
      name: 'a rendered page that is found again by a number which both have',
      entrance: 'GET /invoices/:number/print',
      leaky: instead(
        Printer,
        class extends Printer {
          protected override async rendered(number: number) {
            return join(this.folder, `invoice-${number}.txt`);
          }
        },
      ),
      byHand: async ({ acme, globex, shows }) => {
        await globex.get('/invoices/1/print');
        return shows((await acme.get('/invoices/1/print')).text);
      },
    },
    {
      name: 'an object in a bucket under its name alone',
      entrance: 'PUT /documents/:name',
      leaky: instead(
        Documents,
        class extends Documents {
          protected override keyOf(name: string) {
            return `documents/${name}`;
          }
        },
      ),
      byHand: async ({ acme, globex, theirs, shows }) => {
        await globex.put('/documents/plan', { text: theirs.note.body });
        return shows((await acme.get('/documents/plan')).body);
      },
    },
    {
      name: 'lines of a file that everybody adds to',
      entrance: 'GET /diary',
      leaky: instead(
        Diary,
        class extends Diary {
          protected override diary() {
            return join(this.folder, 'diary.log');
          }
        },
      ),
      byHand: async ({ acme, globex, theirs, shows }) => {
        await globex.post('/diary', { text: theirs.note.body });
        return shows((await acme.get('/diary')).body);
      },
    },
    {
      name: 'a name of an upload that leads into the folder of another tenant',
      entrance: 'POST /photographs',
      leaky: instead(
        Photographs,
        class extends Photographs {
          protected override cleaned(name: string) {
            return name;
          }
        },
      ),
      byHand: async ({ acme, globex, theirs }) => {
        await globex.post('/photographs', photographOf('face.png', theirs.candidate.name));
        await acme.post('/photographs', photographOf('../../t_globex/photographs/face.png', 'a face of acme'));
        const { body } = await globex.get('/photographs/face.png');
        return (body as { text: string }).text === 'a face of acme';
      },
    },
    {
      name: 'a preview that is found again by the beginning of a text',
      entrance: 'POST /previews',
      leaky: instead(
        Previews,
        class extends Previews {
          protected override keyOf(text: string) {
            return createHash('sha256').update(text.slice(0, 12)).digest('hex');
          }
        },
      ),
      byHand: async ({ acme, globex, theirs, shows }) => {
        await globex.post('/previews', { text: `Dear Madam or Sir, ${theirs.note.body}` });
        return shows((await acme.post('/previews', { text: 'Dear Madam or Sir' })).body);
      },
    },
  ],
};
