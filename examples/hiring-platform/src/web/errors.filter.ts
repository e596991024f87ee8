import { type ArgumentsHost, Catch, HttpException, Logger } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { isTenancyError } from '@tenancy/core';
import type { Request, Response } from 'express';
import { type Deployment, InjectDeployment } from '../settings/settings.module.js';
import { sessionName, sessionOf, sessionOptions } from './session-cookie.js';
import { errorPage } from './views/error-page.js';

const logger = new Logger('Pages');

/** Answers browsers with a page, and everybody else as Nest does. Nothing that was asked for is repeated. */
@Catch()
export class ErrorsFilter extends BaseExceptionFilter {
  @InjectDeployment() private readonly deployment!: Deployment;

  override catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    if (host.getType() !== 'http' || response.headersSent || !isBrowser(request)) {
      super.catch(error, host);
      return;
    }
    const status = error instanceof HttpException ? error.getStatus() : 500;
    const code = isTenancyError(error) ? error.code : null;
    if (status === 401 && code === null) {
      response.redirect(303, '/sign-in');
      return;
    }
    // Which logs what is the server's fault.
    if (isTenancyError(error)) error.getResponse();
    else if (status >= 500) logger.error(error instanceof Error ? error.stack : error);
    // Or nothing here would ever take it away: neither sign-in nor sign-out is let through with it.
    const { protocol } = this.deployment;
    if (code === 'tenant_mismatch' && sessionOf(request.headers.cookie, protocol))
      response.clearCookie(sessionName(protocol), sessionOptions(protocol));
    const reason = code ?? (error instanceof HttpException ? error.message : null);
    response
      .status(status)
      .set({ 'Cache-Control': 'no-store' })
      .type('html')
      .send(errorPage(status, code, reason));
  }
}

const isBrowser = ({ headers: { accept = '' } }: Request) => accept.includes('text/html');
