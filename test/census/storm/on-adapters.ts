import fastifyCookie from '@fastify/cookie';
import multipart from '@fastify/multipart';
import fastifySession from '@fastify/session';
import {
  Controller,
  type INestApplication,
  Inject,
  Post,
  Req,
  type Type,
  UploadedFile,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { FileInterceptor } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { TenantContext } from '@tenancy/core';
import cookieSession from 'cookie-session';
import type { NextFunction, Response } from 'express';
import session from 'express-session';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AdapterName } from '../application.js';
import { type Answer, Jobs, SECRET } from './storming.js';

/** Differences of the adapters: how a file arrives, and which two sessions a request has. */
export const onAdapter: Record<AdapterName, { uploads: Type; mountSessions(app: INestApplication): unknown }> = {
  express: { uploads: expressUploads(), mountSessions: mountOnExpress },
  fastify: { uploads: fastifyUploads(), mountSessions: (app) => mountOnFastify(app as NestFastifyApplication) },
};

function expressUploads(): Type {
  @UseGuards(AuthGuard('jwt'))
  @Controller('upload')
  class UploadController {
    constructor(
      @Inject(Jobs) private readonly jobs: Jobs,
      @Inject(TenantContext) private readonly context: TenantContext,
    ) {}

    @Post()
    @UseInterceptors(FileInterceptor('file'))
    async upload(@UploadedFile() file: { buffer: Buffer }): Promise<Answer> {
      const named = file.buffer.toString();
      return { tenants: [named, this.context.tenantId, ...(await this.jobs.owners())] };
    }
  }
  return UploadController;
}

function fastifyUploads(): Type {
  @UseGuards(AuthGuard('jwt'))
  @Controller('upload')
  class UploadController {
    constructor(
      @Inject(Jobs) private readonly jobs: Jobs,
      @Inject(TenantContext) private readonly context: TenantContext,
    ) {}

    @Post()
    async upload(@Req() request: FastifyRequest): Promise<Answer> {
      const file = await request.file();
      const named = String(await file?.toBuffer());
      return { tenants: [named, this.context.tenantId, ...(await this.jobs.owners())] };
    }
  }
  return UploadController;
}

type TwoSessions = Partial<Record<'visitor' | 'session', unknown>>;

function mountOnExpress(app: INestApplication): void {
  app.use(cookieSession({ name: 'visitor', secret: SECRET }));
  app.use((request: TwoSessions, _: Response, next: NextFunction) => {
    request.visitor = request.session;
    delete request.session;
    next();
  });
  app.use(session({ secret: SECRET, resave: false, saveUninitialized: false }));
}

async function mountOnFastify(app: NestFastifyApplication): Promise<void> {
  await app.register(multipart as never);
  await app.register(fastifyCookie as never, { secret: SECRET });
  await app.register(fastifySession as never, { secret: SECRET, cookie: { secure: false }, saveUninitialized: false });
  const fastify = app.getHttpAdapter().getInstance();
  // A second one, kept in a signed cookie.
  fastify.addHook('onRequest', async (request: FastifyRequest & TwoSessions) => {
    const { value } = request.unsignCookie(request.cookies['visitor'] ?? '');
    request.visitor = value ? JSON.parse(value) : {};
  });
  fastify.addHook('onSend', async (request: FastifyRequest & TwoSessions, reply: FastifyReply) => {
    reply.setCookie('visitor', JSON.stringify(request.visitor ?? {}), { signed: true, path: '/' });
  });
}
