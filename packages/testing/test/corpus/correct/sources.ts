import { randomUUID } from 'node:crypto';
import {
  Body,
  type CanActivate,
  Controller,
  Delete,
  type ExecutionContext,
  ForbiddenException,
  Get,
  HttpCode,
  Injectable,
  Module,
  Param,
  ParseUUIDPipe,
  Post,
  SetMetadata,
  ValidationPipe,
} from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import {
  fromCustomDomain,
  fromJwt,
  fromSignedHeader,
  fromSubdomain,
  type Tenant,
  verifiedPayload,
} from '@tenancy/core';
import { signTenantHeader } from '@tenancy/core/signed-header';
import { IsEmail, IsString } from 'class-validator';
import { createTransport } from 'nodemailer';
import { signTestToken } from '../../../src/index.js';
import { SignedInGuard } from '../hiring-application.js';
import { type Application, Db, SECRET } from './application.js';

const validated: Application['configure'] = (app) => {
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
};

const MEMOS = 'create table memo (id uuid primary key, tenant_id text not null, text text not null);';

const plantMemo: Application['seed'] = async (tenant, { canary, db }) => {
  const memo = { id: randomUUID(), text: canary('text') };
  await db.many('insert into memo values ($1, $2, $3)', memo.id, tenant.id, memo.text);
  return { memo };
};

class NewMemo {
  @IsString()
  text!: string;
}

@Controller('memos')
class Memos {
  constructor(private readonly db: Db) {}

  @Get()
  list() {
    return this.db.many('select id, text from memo where tenant_id = $1 order by text', this.db.tenantId);
  }

  @Get(':id')
  find(@Param('id', ParseUUIDPipe) id: string) {
    return this.db.one('select id, text from memo where id = $1 and tenant_id = $2', id, this.db.tenantId);
  }

  @Post()
  create(@Body() { text }: NewMemo) {
    return this.db.one('insert into memo values ($1, $2, $3) returning id, text', randomUUID(), this.db.tenantId, text);
  }
}

const memosWork: Application['works'] = (client, { memo }) => [
  client.get('/memos'),
  client.get(`/memos/${memo.id}`),
  client.post('/memos', { text: 'Call Ada' }),
];

const signedHeader: Application = {
  name: 'a service behind a gateway that signs who it is',
  schema: MEMOS,
  sources: [fromSignedHeader({ secret: SECRET })],
  guards: [],
  controllers: [Memos],
  configure: validated,
  seed: plantMemo,
  harness: {
    host: () => 'memos.internal',
    signIn: ({ id }) => ({ headers: { 'x-signed-tenant': signTenantHeader(id, { secret: SECRET }) } }),
  },
  works: memosWork,
};

const ownDomains: Application = {
  name: 'domains of their own, beside the names below ours',
  schema: MEMOS,
  sources: [fromCustomDomain(), fromSubdomain({ baseDomain: 'localhost' }), fromJwt({ secret: SECRET })],
  controllers: [Memos],
  configure: validated,
  seed: plantMemo,
  harness: { host: ({ slug }) => `memos.${slug}-company.test` },
  works: memosWork,
};

const hostAlone: Application = {
  name: 'a host, and nobody who signs in',
  schema: MEMOS,
  sources: [fromSubdomain({ baseDomain: 'localhost' })],
  guards: [],
  signsIn: false,
  controllers: [Memos],
  configure: validated,
  cleans: true,
  seed: plantMemo,
  works: memosWork,
};

const Roles = (...roles: readonly string[]) => SetMetadata('roles', roles);

@Injectable()
class RolesGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const wanted = this.reflector.getAllAndOverride<string[] | undefined>('roles', [
      context.getHandler(),
      context.getClass(),
    ]);
    const payload = verifiedPayload<{ role?: string }>(context.switchToHttp().getRequest<object>());
    if (wanted && !wanted.includes(payload?.role ?? '')) throw new ForbiddenException(`only for ${wanted.join(', ')}`);
    return true;
  }
}

@Controller('memos')
class GuardedMemos {
  constructor(private readonly db: Db) {}

  @Roles('admin', 'editor')
  @Get()
  list() {
    return this.db.many('select id, text from memo where tenant_id = $1 order by text', this.db.tenantId);
  }

  @Roles('admin')
  @Delete(':id')
  @HttpCode(204)
  async remove(@Param('id', ParseUUIDPipe) id: string) {
    await this.db.one('delete from memo where id = $1 and tenant_id = $2 returning 1', id, this.db.tenantId);
  }
}

const roles: Application = {
  name: 'roles that the token names',
  schema: MEMOS,
  guards: [
    { provide: APP_GUARD, useClass: SignedInGuard },
    { provide: APP_GUARD, useClass: RolesGuard },
  ],
  controllers: [GuardedMemos],
  seed: plantMemo,
  harness: {
    signIn: (tenant: Tenant) =>
      signTestToken(tenant, { secret: SECRET, claims: { sub: `admin of ${tenant.id}`, role: 'admin' } }),
  },
  works: async (client, { memo }) => [await client.get('/memos'), await client.delete(`/memos/${memo.id}`)],
};

class Invitation {
  @IsEmail()
  email!: string;
}

/** Letters go nowhere but into the log of a test. */
@Controller('invitations')
class Invitations {
  readonly #mailer = createTransport({ jsonTransport: true });

  constructor(private readonly db: Db) {}

  @Post()
  async invite(@Body() { email }: Invitation) {
    const { tenantId } = this.db;
    const invited = await this.db.one(
      'insert into memo values ($1, $2, $3) returning id',
      randomUUID(),
      tenantId,
      email,
    );
    const { messageId } = await this.#mailer.sendMail({
      from: 'no-reply@example.test',
      to: email,
      subject: 'You are invited',
      text: `Come in: https://example.test/i/${randomUUID()}`,
    });
    return { ...invited, email, messageId };
  }

  @Get()
  list() {
    return this.db.many('select id, text as email from memo where tenant_id = $1 order by text', this.db.tenantId);
  }
}

const mails: Application = {
  name: 'invitations by mail, each with a link of its own',
  schema: MEMOS,
  controllers: [Invitations],
  configure: validated,
  seed: async (_tenant, { canary, client }) => {
    const { body } = await client.post('/invitations', { email: `${canary('email')}@example.test` });
    return { invitation: body as { id: string } };
  },
  works: (client) => [client.get('/invitations'), client.post('/invitations', { email: 'ada@example.test' })],
};

/** Memos as a module of their own, with an interface in between, as larger applications have it. */
abstract class MemoStore {
  abstract all(): Promise<readonly object[]>;
  abstract add(text: string): Promise<object>;
}

@Injectable()
class SqlMemoStore extends MemoStore {
  constructor(private readonly db: Db) {
    super();
  }

  all() {
    return this.db.many('select id, text from memo where tenant_id = $1 order by text', this.db.tenantId);
  }

  add(text: string) {
    return this.db.one('insert into memo values ($1, $2, $3) returning id, text', randomUUID(), this.db.tenantId, text);
  }
}

@Controller('board/memos')
class LayeredMemos {
  constructor(private readonly store: MemoStore) {}

  @Get()
  async list() {
    const items = await this.store.all();
    return { items, count: items.length };
  }

  @Post()
  add(@Body() { text }: NewMemo) {
    return this.store.add(text);
  }
}

@Module({ controllers: [LayeredMemos], providers: [{ provide: MemoStore, useClass: SqlMemoStore }] })
class MemoModule {}

const layers: Application = {
  name: 'a module with a store behind an interface',
  schema: MEMOS,
  imports: [MemoModule],
  configure: validated,
  seed: plantMemo,
  works: (client) => [client.get('/board/memos'), client.post('/board/memos', { text: 'Call Ada' })],
};

export const sources: readonly Application[] = [signedHeader, ownDomains, hostAlone, roles, mails, layers];
