import { createHash, randomBytes, randomUUID, scryptSync, timingSafeEqual } from 'node:crypto';
import {
  Body,
  type CanActivate,
  Controller,
  type ExecutionContext,
  ForbiddenException,
  Get,
  HttpCode,
  HttpException,
  Injectable,
  Patch,
  Post,
  Req,
  Res,
  UnauthorizedException,
  UseGuards,
  ValidationPipe,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { JwtModule, JwtService } from '@nestjs/jwt';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { fromJwt, fromRequest, fromSession, fromSubdomain, Untenanted, verifiedPayload } from '@tenancy/core';
import { IsEmail, IsString } from 'class-validator';
import cookieParser from 'cookie-parser';
import type { Request, Response } from 'express';
import session from 'express-session';
import { ExtractJwt, Strategy as JwtStrategy } from 'passport-jwt';
import { Strategy as LocalStrategy } from 'passport-local';
import type { HttpAnswer, TenantClient } from '../../../src/index.js';
import { type Application, acme, Db, globex, SECRET } from './application.js';

declare module 'express-session' {
  interface SessionData {
    tenantId: string;
    userId: string;
    csrf: string;
    views: number;
  }
}

const validated: Application['configure'] = (app) => {
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
};

const ACCOUNTS = `create table account (id uuid primary key, tenant_id text not null, email text not null, name text not null, password text not null,
    failures int not null default 0, unique (tenant_id, email));
  create table note (id uuid primary key, tenant_id text not null, account_id uuid not null, text text not null);`;

const hashOf = (password: string) =>
  scryptSync(password, 'a salt of each would be better', 32, { N: 1024 }).toString('hex');
const digestOf = (token: string) => createHash('sha256').update(token).digest('hex');
const isPassword = (password: string, hash: string) =>
  timingSafeEqual(Buffer.from(hashOf(password)), Buffer.from(hash));

/** An owner for each tenant, before anybody signs in. */
const owners: Application['started'] = async (app) => {
  const { pool } = app.get(Db);
  for (const { id, slug } of [acme, globex]) {
    await pool.query('insert into account values ($1, $2, $3, $4, $5) on conflict do nothing', [
      randomUUID(),
      id,
      `owner@${slug}.test`,
      `Owner of ${slug}`,
      hashOf('correct horse'),
    ]);
  }
};

const plantNote: Application['seed'] = async (tenant, { canary, db }) => {
  const note = { id: randomUUID(), text: canary('text') };
  await db.many(
    'insert into note select $1, tenant_id, id, $3 from account where tenant_id = $2 and email like $4',
    note.id,
    tenant.id,
    note.text,
    'owner@%',
  );
  return { note };
};

interface Account {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly tenantId: string;
}

class SignIn {
  @IsEmail()
  email!: string;

  @IsString()
  password!: string;
}

@Injectable()
class PassportJwt extends PassportStrategy(JwtStrategy) {
  constructor(private readonly db: Db) {
    super({ jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(), secretOrKey: SECRET });
  }

  async validate({ sub }: { sub: string }) {
    const [user] = await this.db.many(
      'select id, name, email from account where id::text = $1 and tenant_id = $2',
      sub,
      this.db.tenantId,
    );
    return user ?? null;
  }
}

@Controller()
class JwtNotes {
  constructor(
    private readonly db: Db,
    private readonly jwt: JwtService,
  ) {}

  /** At the tenant's host; there is no account without one. */
  @Post('auth/login')
  @HttpCode(200)
  async login(@Body() { email, password }: SignIn) {
    const [user] = await this.db.many(
      'select * from account where tenant_id = $1 and email = $2',
      this.db.tenantId,
      email,
    );
    if (!user || !isPassword(password, user.password)) throw new UnauthorizedException('wrong address or password');
    return { access_token: this.jwt.sign({ sub: user.id, tenantId: user.tenant_id }), expires_in: 3600 };
  }

  @UseGuards(AuthGuard('jwt'))
  @Get('me')
  me(@Req() { user }: Request) {
    return user;
  }

  @UseGuards(AuthGuard('jwt'))
  @Get('notes')
  notes() {
    return this.db.many('select id, text from note where tenant_id = $1 order by text', this.db.tenantId);
  }
}

const passportJwt: Application = {
  name: 'Passport with a JWT, and a sign-in at the host of the company',
  schema: ACCOUNTS,
  imports: [PassportModule, JwtModule.register({ secret: SECRET, signOptions: { expiresIn: '1h' } })],
  controllers: [JwtNotes],
  providers: [PassportJwt],
  guards: [],
  configure: validated,
  started: owners,
  examples: {
    'POST /auth/login': (_rows, { tenant }) => ({
      body: { email: `owner@${tenant.slug}.test`, password: 'correct horse' },
      answersNothing: 'a token, which holds ids alone',
    }),
    'GET /me': { answersNothing: 'the user, who was there before anything was planted' },
  },
  seed: plantNote,
  harness: {
    signIn: async ({ slug }, client) => {
      const { body } = await client.post('/auth/login', { email: `owner@${slug}.test`, password: 'correct horse' });
      return (body as { access_token: string }).access_token;
    },
  },
  works: (client) => [client.get('/me'), client.get('/notes')],
};

@Injectable()
class PassportLocal extends PassportStrategy(LocalStrategy) {
  constructor(private readonly db: Db) {
    super({ usernameField: 'email' });
  }

  async validate(email: string, password: string): Promise<Account> {
    const [user] = await this.db.many(
      'select * from account where tenant_id = $1 and email = $2',
      this.db.tenantId,
      email,
    );
    if (!user || !isPassword(password, user.password)) throw new UnauthorizedException();
    return { id: user.id, name: user.name, email: user.email, tenantId: user.tenant_id };
  }
}

class HasSession implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { session, path } = context.switchToHttp().getRequest<Request>();
    return session.userId !== undefined || path === '/sessions';
  }
}

@Controller()
class SessionNotes {
  constructor(private readonly db: Db) {}

  @UseGuards(AuthGuard('local'))
  @Post('sessions')
  @HttpCode(204)
  signIn(@Req() request: Request) {
    const { id, tenantId } = request.user as Account;
    request.session.tenantId = tenantId;
    request.session.userId = id;
  }

  @Get('notes')
  notes(@Req() { session }: Request) {
    return this.db.many(
      'select id, text from note where tenant_id = $1 and account_id = $2 order by text',
      this.db.tenantId,
      session.userId,
    );
  }

  @Get('profile')
  profile(@Req() { session }: Request) {
    session.views = (session.views ?? 0) + 1;
    return this.db.one(
      'select name, email from account where tenant_id = $1 and id = $2',
      this.db.tenantId,
      session.userId,
    );
  }
}

const cookieOf = ({ headers }: HttpAnswer) =>
  [headers['set-cookie'] ?? []]
    .flat()
    .map((each) => each.split(';')[0])
    .join('; ');

const signInAt =
  (path: string) =>
  async ({ slug }: { slug: string }, client: TenantClient) => {
    const answer = await client.post(path, { email: `owner@${slug}.test`, password: 'correct horse' });
    return { headers: { cookie: cookieOf(answer) } };
  };

const localAndSession: Application = {
  name: 'Passport with a password, and express-session',
  schema: ACCOUNTS,
  imports: [PassportModule],
  sources: [
    fromSubdomain({ baseDomain: 'localhost' }),
    fromSession({ tenantId: (request) => request.session?.tenantId }),
  ],
  controllers: [SessionNotes],
  providers: [PassportLocal],
  guards: [{ provide: APP_GUARD, useClass: HasSession }],
  configure: (app) => {
    app.use(session({ secret: SECRET, resave: false, saveUninitialized: false }));
  },
  started: owners,
  examples: {
    'POST /sessions': (_rows, { tenant }) => ({
      body: { email: `owner@${tenant.slug}.test`, password: 'correct horse' },
      answersNothing: 'a cookie alone',
    }),
    'GET /profile': { answersNothing: 'the user, who was there before anything was planted' },
  },
  seed: plantNote,
  harness: { signIn: signInAt('/sessions') },
  works: (client) => [client.get('/notes'), client.get('/profile')],
};

class NewNote {
  @IsString()
  text!: string;
}

/** Whoever writes sends the token of the session along. */
class CsrfGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    if (request.method === 'GET' || request.path === '/sessions') return true;
    if (request.get('x-csrf-token') !== request.session.csrf) throw new ForbiddenException('invalid csrf token');
    return true;
  }
}

@Controller()
class CsrfNotes {
  constructor(private readonly db: Db) {}

  @Post('sessions')
  @HttpCode(204)
  async signIn(@Req() request: Request, @Body() { email, password }: SignIn) {
    const [user] = await this.db.many(
      'select * from account where tenant_id = $1 and email = $2',
      this.db.tenantId,
      email,
    );
    if (!user || !isPassword(password, user.password)) throw new UnauthorizedException();
    Object.assign(request.session, {
      tenantId: user.tenant_id,
      userId: user.id,
      csrf: randomBytes(16).toString('hex'),
    });
  }

  @Get('csrf-token')
  token(@Req() { session }: Request) {
    return { token: session.csrf };
  }

  @Post('notes')
  write(@Req() { session }: Request, @Body() { text }: NewNote) {
    return this.db.one(
      'insert into note values ($1, $2, $3, $4) returning id, text',
      randomUUID(),
      this.db.tenantId,
      session.userId,
      text,
    );
  }
}

const csrf: Application = {
  name: 'express-session with CSRF tokens',
  schema: ACCOUNTS,
  sources: [
    fromSubdomain({ baseDomain: 'localhost' }),
    fromSession({ tenantId: (request) => request.session?.tenantId }),
  ],
  controllers: [CsrfNotes],
  guards: [
    { provide: APP_GUARD, useClass: HasSession },
    { provide: APP_GUARD, useClass: CsrfGuard },
  ],
  configure: (app) => {
    app.use(session({ secret: SECRET, resave: false, saveUninitialized: false }));
    app.useGlobalPipes(new ValidationPipe());
  },
  started: owners,
  examples: {
    'POST /sessions': (_rows, { tenant }) => ({
      body: { email: `owner@${tenant.slug}.test`, password: 'correct horse' },
      answersNothing: 'a cookie alone',
    }),
    'GET /csrf-token': { answersNothing: 'a random token of the session' },
  },
  seed: plantNote,
  harness: {
    signIn: async (tenant, client) => {
      const { headers } = await signInAt('/sessions')(tenant, client);
      const { body } = await client.get('/csrf-token', { headers });
      return { headers: { ...headers, 'x-csrf-token': (body as { token: string }).token } };
    },
  },
  works: (client) => [client.get('/csrf-token'), client.post('/notes', { text: 'Buy milk' })],
};

class Refresh {
  @IsString()
  refreshToken!: string;
}

/** A refresh token is good once; signing out ends it. */
@Controller('auth')
class Refreshing {
  constructor(
    private readonly db: Db,
    private readonly jwt: JwtService,
  ) {}

  @Post('login')
  @HttpCode(200)
  async login(@Body() { email, password }: SignIn) {
    const [user] = await this.db.many(
      'select * from account where tenant_id = $1 and email = $2',
      this.db.tenantId,
      email,
    );
    if (!user || !isPassword(password, user.password)) throw new UnauthorizedException();
    return this.tokensOf(user.id);
  }

  @Post('refresh')
  @HttpCode(200)
  async refresh(@Body() { refreshToken }: Refresh) {
    const [used] = await this.db.many(
      'delete from refresh_token where tenant_id = $1 and digest = $2 returning account_id',
      this.db.tenantId,
      digestOf(refreshToken),
    );
    if (!used) throw new UnauthorizedException('this token is not good');
    return this.tokensOf(used.account_id);
  }

  @Post('logout')
  @HttpCode(204)
  async logout(@Body() { refreshToken }: Refresh) {
    await this.db.many(
      'delete from refresh_token where tenant_id = $1 and digest = $2',
      this.db.tenantId,
      digestOf(refreshToken),
    );
  }

  private async tokensOf(accountId: string) {
    const refreshToken = randomBytes(32).toString('base64url');
    await this.db.many(
      'insert into refresh_token values ($1, $2, $3)',
      digestOf(refreshToken),
      this.db.tenantId,
      accountId,
    );
    return {
      accessToken: this.jwt.sign({ sub: accountId, tenantId: this.db.tenantId }, { expiresIn: '5m' }),
      refreshToken,
    };
  }
}

const refreshTokens: Application = {
  name: 'refresh tokens that are good once, and signing out',
  schema: `${ACCOUNTS} create table refresh_token (digest text primary key, tenant_id text not null, account_id uuid not null);`,
  imports: [JwtModule.register({ secret: SECRET })],
  controllers: [Refreshing],
  guards: [],
  configure: validated,
  started: owners,
  examples: {
    'POST /auth/login': (_rows, { tenant }) => ({
      body: { email: `owner@${tenant.slug}.test`, password: 'correct horse' },
      answersNothing: 'tokens alone',
    }),
    'POST /auth/refresh': ({ session }) => ({
      body: { refreshToken: session.refreshToken },
      answersNothing: 'tokens alone',
    }),
    'POST /auth/logout': ({ session }) => ({ body: { refreshToken: session.refreshToken } }),
  },
  seed: async (tenant, { client }) => {
    const { body } = await client.post('/auth/login', {
      email: `owner@${tenant.slug}.test`,
      password: 'correct horse',
    });
    return { session: body as { refreshToken: string } };
  },
  works: async (client, { session }) => [
    await client.post('/auth/refresh', { refreshToken: session.refreshToken }),
    await client.post('/auth/logout', { refreshToken: session.refreshToken }),
  ],
};

class Forgotten {
  @IsEmail()
  email!: string;
}

class NewPassword {
  @IsString()
  token!: string;

  @IsString()
  password!: string;
}

@Controller('password')
class Passwords {
  constructor(private readonly db: Db) {}

  /** Says the same whether there is such an account or not. */
  @Post('forgot')
  @HttpCode(202)
  async forgot(@Body() { email }: Forgotten) {
    const [user] = await this.db.many(
      'select id from account where tenant_id = $1 and email = $2',
      this.db.tenantId,
      email,
    );
    if (user)
      await this.db.many('insert into reset values ($1, $2, $3)', digestOf(randomUUID()), this.db.tenantId, user.id);
    return { message: 'If there is such an account, a letter is on its way.' };
  }

  @Post('reset')
  @HttpCode(204)
  async reset(@Body() { token, password }: NewPassword) {
    const [used] = await this.db.many(
      'delete from reset where tenant_id = $1 and digest = $2 returning account_id',
      this.db.tenantId,
      digestOf(token),
    );
    if (!used) throw new ForbiddenException('this link is not good any more');
    await this.db.many(
      'update account set password = $3, failures = 0 where tenant_id = $1 and id = $2',
      this.db.tenantId,
      used.account_id,
      hashOf(password),
    );
  }
}

const passwordReset: Application = {
  name: 'a forgotten password, and a link that is good once',
  schema: `${ACCOUNTS} create table reset (digest text primary key, tenant_id text not null, account_id uuid not null);`,
  controllers: [Passwords],
  guards: [],
  configure: validated,
  started: owners,
  examples: {
    'POST /password/forgot': ({ user }) => ({
      body: { email: user.email },
      answersNothing: 'one sentence for everybody',
    }),
    'POST /password/reset': ({ link }) => ({ body: { token: link.token, password: 'battery staple' } }),
  },
  seed: async (tenant, { canary, db }) => {
    const [user, link] = [{ id: randomUUID(), email: `${canary('email')}@example.test` }, { token: canary('token') }];
    await db.many(`insert into account values ($1, $2, $3, 'Ada', '')`, user.id, tenant.id, user.email);
    await db.many('insert into reset values ($1, $2, $3)', digestOf(link.token), tenant.id, user.id);
    return { user, link };
  },
  signsIn: false,
  works: (client, { user, link }) => [
    client.post('/password/forgot', { email: user.email }),
    client.post('/password/reset', { token: link.token, password: 'battery staple' }),
  ],
};

/** Five wrong passwords lock the account of that address at that company. */
@Controller('auth')
class Locking {
  constructor(private readonly db: Db) {}

  @Post('login')
  @HttpCode(200)
  async login(@Body() { email, password }: SignIn) {
    const [user] = await this.db.many(
      'select * from account where tenant_id = $1 and email = $2',
      this.db.tenantId,
      email,
    );
    if (user && user.failures >= 5) throw new HttpException('locked', 423);
    if (!user || !isPassword(password, user.password)) {
      await this.db.many(
        'update account set failures = failures + 1 where tenant_id = $1 and email = $2',
        this.db.tenantId,
        email,
      );
      throw new UnauthorizedException();
    }
    await this.db.many('update account set failures = 0 where id = $1', user.id);
    return { welcome: user.name };
  }
}

const accountLock: Application = {
  name: 'an account that is locked after five failures',
  schema: ACCOUNTS,
  controllers: [Locking],
  guards: [],
  configure: validated,
  examples: { 'POST /auth/login': ({ user }) => ({ body: { email: user.email, password: user.password } }) },
  seed: async (tenant, { canary, db }) => {
    const user = { email: `${canary('email')}@example.test`, name: canary('name'), password: canary('password') };
    await db.many(
      'insert into account values ($1, $2, $3, $4, $5)',
      randomUUID(),
      tenant.id,
      user.email,
      user.name,
      hashOf(user.password),
    );
    return { user };
  },
  signsIn: false,
  works: (client, { user }) => [client.post('/auth/login', { email: user.email, password: user.password })],
};

class Rename {
  @IsString()
  name!: string;
}

@Controller()
class OneHost {
  constructor(private readonly db: Db) {}

  @Get('notes')
  notes() {
    return this.db.many('select id, text from note where tenant_id = $1 order by text', this.db.tenantId);
  }

  @Patch('me')
  async rename(@Body() { name }: Rename) {
    return this.db.one(
      `update account set name = $2 where tenant_id = $1 and email like 'owner@%' returning name`,
      this.db.tenantId,
      name,
    );
  }
}

const jwtAlone: Application = {
  name: 'one host for all, where the token alone says whose it is',
  schema: ACCOUNTS,
  sources: [fromJwt({ secret: SECRET })],
  controllers: [OneHost],
  configure: validated,
  started: owners,
  seed: plantNote,
  harness: { host: () => 'api.example.test' },
  works: (client) => [client.get('/notes'), client.patch('/me', { name: 'Ada' })],
};

/** Machines have keys instead of users. */
@Injectable()
class ApiKeyGuard implements CanActivate {
  constructor(private readonly db: Db) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request & { apiKey?: { tenantId: string } }>();
    const [, secret = ''] = (request.get('authorization') ?? '').split(' ');
    const [key] = await this.db.many('select tenant_id from api_key where digest = $1', digestOf(secret));
    if (!key) throw new UnauthorizedException('unknown api key');
    request.apiKey = { tenantId: key.tenant_id };
    return true;
  }
}

@Controller('metrics')
class Metrics {
  constructor(private readonly db: Db) {}

  @Post()
  push(@Body() { text }: NewNote) {
    return this.db.one(
      'insert into metric values ($1, $2, $3) returning id, text',
      randomUUID(),
      this.db.tenantId,
      text,
    );
  }

  @Get()
  list() {
    return this.db.many('select id, text from metric where tenant_id = $1 order by id', this.db.tenantId);
  }
}

const apiKeys: Application = {
  name: 'API keys that a guard looks up',
  schema: `create table api_key (digest text primary key, tenant_id text not null);
    create table metric (id uuid primary key, tenant_id text not null, text text not null);
    insert into api_key values ('${digestOf('key-of-t_acme')}', 't_acme'), ('${digestOf('key-of-t_globex')}', 't_globex');`,
  sources: [
    fromRequest((request) => (request as { apiKey?: { tenantId: string } }).apiKey?.tenantId, { after: 'guards' }),
  ],
  controllers: [Metrics],
  guards: [{ provide: APP_GUARD, useClass: ApiKeyGuard }],
  configure: validated,
  seed: async (_tenant, { canary, client }) => {
    const { body } = await client.post('/metrics', { text: canary('text') });
    return { metric: body as { id: string } };
  },
  harness: {
    host: () => 'api.example.test',
    signIn: ({ id }) => `key-of-${id}`,
  },
  works: (client) => [client.get('/metrics'), client.post('/metrics', { text: '42' })],
};

@Controller()
class CookieTokens {
  constructor(
    private readonly db: Db,
    private readonly jwt: JwtService,
  ) {}

  @Post('login')
  @HttpCode(200)
  async login(@Body() { email, password }: SignIn, @Res({ passthrough: true }) response: Response) {
    const [user] = await this.db.many(
      'select * from account where tenant_id = $1 and email = $2',
      this.db.tenantId,
      email,
    );
    if (!user || !isPassword(password, user.password)) throw new UnauthorizedException();
    response.cookie('at', this.jwt.sign({ sub: user.id, tenantId: user.tenant_id }), {
      httpOnly: true,
      sameSite: 'lax',
    });
    return { ok: true };
  }

  @Post('logout')
  @HttpCode(204)
  logout(@Res({ passthrough: true }) response: Response) {
    response.clearCookie('at');
  }

  @Get('notes')
  notes() {
    return this.db.many('select id, text from note where tenant_id = $1 order by text', this.db.tenantId);
  }

  @Get('whoami')
  whoami(@Req() request: Request) {
    return { sub: verifiedPayload<{ sub: string }>(request)?.sub, theme: request.cookies['theme'] ?? 'light' };
  }
}

class CookieGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    if (request.path !== '/login' && !verifiedPayload(request)) throw new UnauthorizedException();
    return true;
  }
}

const cookieJwt: Application = {
  name: 'a JWT in a cookie',
  schema: ACCOUNTS,
  imports: [JwtModule.register({ secret: SECRET })],
  sources: [
    fromSubdomain({ baseDomain: 'localhost' }),
    fromJwt({ secret: SECRET, extract: ({ headers }) => /(?:^|; *)at=([^;]+)/.exec(headers.cookie ?? '')?.[1] }),
  ],
  controllers: [CookieTokens],
  guards: [{ provide: APP_GUARD, useClass: CookieGuard }],
  configure: (app) => {
    app.use(cookieParser());
    app.useGlobalPipes(new ValidationPipe({ whitelist: true }));
  },
  started: owners,
  examples: {
    'POST /login': (_rows, { tenant }) => ({
      body: { email: `owner@${tenant.slug}.test`, password: 'correct horse' },
      answersNothing: 'a cookie alone',
    }),
    'GET /whoami': { answersNothing: 'what is in the token' },
    'POST /logout': { answersNothing: 'a cookie is cleared' },
  },
  seed: plantNote,
  harness: { signIn: signInAt('/login') },
  works: (client) => [client.get('/notes'), client.get('/whoami'), client.post('/logout')],
};

/** Whoever has no company yet. */
@Controller()
class SignUps {
  constructor(private readonly db: Db) {}

  @Untenanted()
  @Get('plans')
  plans() {
    return [
      { id: 'free', price: 0 },
      { id: 'team', price: 1900 },
    ];
  }

  @Get('trial')
  async trial() {
    const { ends } = await this.db.one('select ends from trial where tenant_id = $1', this.db.tenantId);
    return { ends, left: Math.ceil((ends - Date.now()) / 86_400_000) };
  }
}

const trials: Application = {
  name: 'plans that everybody sees, and a trial that ends',
  schema: `create table trial (tenant_id text primary key, ends timestamptz not null default now() + interval '14 days', note text);`,
  controllers: [SignUps],
  seed: async (tenant, { canary, db }) => {
    const note = canary('note');
    await db.many(
      'insert into trial (tenant_id, note) values ($1, $2) on conflict (tenant_id) do update set note = excluded.note',
      tenant.id,
      note,
    );
    return { trial: { note } };
  },
  examples: { 'GET /trial': { answersNothing: 'a date' } },
  exempt: { 'GET /plans': 'the price list is public' },
  works: (client) => [client.get('/plans'), client.get('/trial')],
};

export const signingIn: readonly Application[] = [
  passportJwt,
  localAndSession,
  csrf,
  refreshTokens,
  passwordReset,
  accountLock,
  jwtAlone,
  apiKeys,
  cookieJwt,
  trials,
];
