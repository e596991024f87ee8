import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BadRequestException,
  Controller,
  Get,
  Headers,
  Inject,
  Injectable,
  Logger,
  Module,
  NotFoundException,
  Param,
  Patch,
  Post,
  Query,
  Req,
  Res,
  type Type,
} from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { fromJwt, InMemoryTenantRegistry, TenancyModule, TenantContext, Untenanted } from '@tenancy/core';
import { logTap } from '../../src/harness/log-tap.js';
import { createIsolationHarness, type IsolationHarness, signTestToken } from '../../src/index.js';
import { COMMANDS, MARKUP, UNSEEN } from './hostile-report.js';

/** Everything that a text of the application may hold to break what shows it; each command begins a line. */
export const EVIL = ['', ...COMMANDS, ...MARKUP, ...UNSEEN, ']]>', '\u009b31m', '\u2066', '{0} [a](b)', ''].join('\n');
/** The same for names, which have no lines. */
const NAME = EVIL.replaceAll(/[\n\0\ud800]/g, ' ');
const LONG = 'long '.repeat(200_000);

export const SECRETS = {
  cookie: 'c00kie-5f1d9a7e3b',
  apiKey: 'sk-live-77c1e0d94b2a',
  password: 'hunter2-correct-horse',
  connection: 'p0stgres-pa55',
  signing: 'the secret of the hostile application',
};

/** A slug has at most 255 bytes. */
const named = (id: string) => ({
  id,
  slug: `${id} ::error::a ##[a] </script><img src=x onerror=pwned> ]]> \u202e\u001b[31m`,
});
export const [acme, globex] = [named('t_acme'), named('t_globex')] as const;
export const tokens = [acme, globex].map((tenant) => signTestToken(tenant, { secret: SECRETS.signing }));

type Job = Readonly<Record<string, unknown>> & { readonly id: string; readonly tenantId: string; title: string };
const table: Job[] = [];

/** Every secret, by the names that they usually have. */
const signedIn = (headers: Readonly<Record<string, string>>) =>
  [
    `authorization: ${headers['authorization']} cookie: ${headers['cookie']} GET /a?api_key=${SECRETS.apiKey}&b=1`,
    `postgres://app:${SECRETS.connection}@db.internal/jobs {"password":"${SECRETS.password}"}`,
  ].join(' ');

/** The statement, as drivers have it in their errors. */
const sqlOf = (title: string) => `select * from "${NAME}" where title = '${title}' -- ${EVIL}`;

@Injectable()
class Jobs {
  readonly #logger = new Logger(NAME);

  constructor(@Inject(TenantContext) private readonly context: TenantContext) {}

  /** By its id alone. */
  find(id: string, headers: Readonly<Record<string, string>>): Job {
    this.context.current();
    const job = table.find((each) => each.id === id);
    if (!job) throw new NotFoundException(`${EVIL} ${id}`);
    // Where nobody listens, it would go to the terminal of whoever runs the test.
    if (logTap.isOpen) this.#logger.error(`${EVIL}${job.title} ${signedIn(headers)} ${sqlOf(job.title)} ${LONG}`);
    return job;
  }
}

type Response = { setHeader(name: string, value: string | string[]): void };

@Controller()
class JobsController {
  constructor(@Inject(Jobs) private readonly jobs: Jobs) {}

  @Get('jobs/:id')
  find(
    @Param('id') id: string,
    @Headers() headers: Record<string, string>,
    @Res({ passthrough: true }) response: Response,
  ) {
    const job = this.jobs.find(id, headers);
    response.setHeader('x-evil', '</script><img src=x onerror=pwned> ]]> ::error::pwned ##vso[task.complete]');
    response.setHeader('x-auth-token', SECRETS.apiKey);
    response.setHeader('set-cookie', [`sid=${SECRETS.cookie}; Path=/`]);
    const answer = {
      title: job.title,
      note: EVIL,
      seen: signedIn(headers),
      apiKey: SECRETS.apiKey,
      [EVIL]: EVIL,
      LONG,
    };
    return JSON.parse(`{"__proto__": ${JSON.stringify(job.title)}, "a": ${JSON.stringify(answer)}}`);
  }

  /** Its message is the longest, and has no answer else. */
  @Get('errors/:id')
  fail(@Param('id') id: string, @Headers() headers: Record<string, string>) {
    const job = this.jobs.find(id, headers);
    throw new BadRequestException(`${EVIL} ${signedIn(headers)} ${sqlOf(job.title)} ${LONG}`);
  }

  @Post('jobs')
  create() {
    return { made: true };
  }

  @Patch('jobs/:id')
  change(@Param('id') id: string, @Headers() headers: Record<string, string>) {
    const job = this.jobs.find(id, headers);
    job.title = `${job.title} changed`;
    return { changed: true };
  }

  @Untenanted()
  @Get(['metrics', NAME.replaceAll(/[(){}[\]+?!:*\\/]/g, '.')].join('/'))
  [NAME](@Query('all') all?: string) {
    return all ? EVIL : 'none';
  }

  @MessagePattern(NAME)
  [`${NAME}listen`]() {
    return true;
  }
}

/** A controller in a file of a hostile name, with a line that nothing reaches. */
function fileIn(folder: string): Type<unknown> {
  const file = join(folder, `c#d?e ]]> ::error::pwned <img src=x onerror=pwned> \u202e "'&%.cjs`);
  writeFileSync(
    file,
    `class FilesController {
  list(request) {
    if (request.headers['x-never-sent-by-anybody'] === '1') { return '</script><img src=x onerror=pwned>\u202e ::error::pwned ${SECRETS.connection} password=${SECRETS.password}'; }
    return 'nothing';
  }
}
module.exports = FilesController;`,
  );
  const made: Type<unknown> = createRequire(import.meta.url)(file);
  const method = Object.getOwnPropertyDescriptor(made.prototype, 'list') as PropertyDescriptor;
  Controller('files')(made);
  Get()(made.prototype, 'list', method);
  Req()(made.prototype, 'list', 0);
  return made;
}

/** The application of which every text is hostile, and that tells each tenant the other's jobs. */
export async function startHostile(): Promise<{ readonly harness: IsolationHarness; stop(): Promise<void> }> {
  table.length = 0;
  const folder = mkdtempSync(join(tmpdir(), 'tenancy-hostile-'));
  const FilesController = fileIn(folder);
  @Module({
    imports: [
      TenancyModule.forRoot({
        registry: new InMemoryTenantRegistry([acme, globex]),
        sources: [fromJwt({ secret: SECRETS.signing })],
      }),
    ],
    controllers: [JobsController, FilesController],
    providers: [Jobs],
  })
  class HostileModule {}
  Object.defineProperty(HostileModule, 'name', { value: NAME });
  const harness = await createIsolationHarness(HostileModule, {
    tenants: { acme, globex },
    host: () => '127.0.0.1',
    signIn: ({ id }) => ({
      headers: {
        authorization: `Bearer ${tokens[id === acme.id ? 0 : 1]}`,
        cookie: `sid=${SECRETS.cookie}`,
        'x-api-key': SECRETS.apiKey,
      },
    }),
    seed: ({ id: tenantId }, { canary }) => {
      const job = { id: crypto.randomUUID(), tenantId, title: canary(NAME), password_hash: SECRETS.password };
      Object.defineProperty(job, '__proto__', { value: EVIL, enumerable: true });
      Object.defineProperty(job, NAME, { value: `${EVIL} ${SECRETS.connection}`, enumerable: true });
      table.push(job);
      return { job };
    },
    rows: async ({ id }) => ({ [NAME]: structuredClone(table.filter(({ tenantId }) => tenantId === id)) }),
  });
  return {
    harness,
    stop: async () => {
      await harness.close();
      rmSync(folder, { recursive: true });
    },
  };
}
