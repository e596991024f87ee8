import { randomUUID } from 'node:crypto';
import {
  Body,
  Controller,
  Get,
  Headers,
  Inject,
  Injectable,
  Logger,
  Module,
  NotFoundException,
  Param,
  Post,
  Query,
  Res,
  Sse,
  UnauthorizedException,
} from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import {
  fromJwt,
  fromSubdomain,
  InMemoryTenantRegistry,
  TenancyModule,
  TenantContext,
  Untenanted,
} from '@tenancy/core';
import { interval, map, take } from 'rxjs';

export const acme = { id: 't_acme', slug: 'acme' };
export const globex = { id: 't_globex', slug: 'globex' };
export const SECRET = "a secret of the harness's tests, long enough";

export interface Job {
  readonly id: string;
  readonly tenantId: string;
  readonly title: string;
}

/** The database. */
export const table: Job[] = [];

@Injectable()
class JobsService {
  private readonly logger = new Logger('Jobs');

  constructor(@Inject(TenantContext) private readonly context: TenantContext) {}

  list(): Job[] {
    return table.filter(({ tenantId }) => tenantId === this.context.tenantId);
  }

  find(id: string): Job {
    const job = this.list().find((one) => one.id === id);
    if (!job) throw new NotFoundException();
    return job;
  }

  create(title: string): Job {
    const job = { id: randomUUID(), tenantId: this.context.tenantId, title };
    table.push(job);
    this.logger.log(`created ${title}`);
    return job;
  }
}

@Controller()
class JobsController {
  constructor(
    @Inject(JobsService) private readonly jobs: JobsService,
    @Inject(TenantContext) private readonly context: TenantContext,
  ) {}

  @Untenanted()
  @Post('sign-in')
  signIn(@Headers('host') host: string, @Body() { password }: { password: string }) {
    if (password !== 'right') throw new UnauthorizedException();
    const slug = host.split('.')[0];
    return { token: new JwtService({ secret: SECRET }).sign({ tenantId: `t_${slug}` }) };
  }

  @Get('jobs')
  list() {
    return this.jobs.list();
  }

  @Get('jobs/:id')
  find(@Param('id') id: string) {
    return this.jobs.find(id);
  }

  @Post('jobs')
  create(@Body() { title }: { title: string }) {
    return this.jobs.create(title);
  }

  @Untenanted()
  @Post('echo')
  echo(@Body() body: unknown, @Query() query: object, @Headers() headers: object) {
    return { body, query, headers, isActive: this.context.isActive() };
  }

  /** Without the guard's help: what the context says when a handler is reached. */
  @Get('whose')
  whose() {
    return { tenantId: this.context.tenantId };
  }

  @Sse('ticks')
  ticks() {
    return interval(5).pipe(
      take(1_000),
      map((n) => ({ data: { n, tenantId: this.context.tenantId } })),
    );
  }

  @Sse('three')
  three() {
    return interval(1).pipe(
      take(3),
      map((n) => ({ data: `event ${n}` })),
    );
  }

  @Untenanted()
  @Get('never')
  never() {
    return new Promise(() => {});
  }

  @Untenanted()
  @Get('csv')
  csv(@Res({ passthrough: true }) response: { header(name: string, value: string): void }) {
    response.header('content-type', 'text/csv');
    return 'id;title\n1;x\n';
  }
}

export const registry = new InMemoryTenantRegistry([
  { ...acme },
  { ...globex },
  { id: 't_closed', slug: 'closed', status: 'suspended' },
]);

@Module({
  imports: [
    TenancyModule.forRoot({
      registry,
      sources: [fromSubdomain({ baseDomain: 'localhost' }), fromJwt({ secret: SECRET })],
    }),
  ],
  controllers: [JobsController],
  providers: [JobsService],
})
export class AppModule {}
