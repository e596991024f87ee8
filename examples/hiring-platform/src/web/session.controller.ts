import { Body, Controller, Get, HttpCode, Post, Req, Res, UnauthorizedException } from '@nestjs/common';
import { TenantContext } from '@tenancy/core';
import type { Request, Response } from 'express';
import { AuthService } from '../auth/auth.service.js';
import { Public } from '../auth/public.decorator.js';
import { recruiterOf } from '../auth/recruiter.js';
import { Sessions } from '../auth/sessions.js';
import { type SignIn, signIn } from '../auth/sign-in.js';
import { JobsService } from '../jobs/jobs.service.js';
import { TakesPassword } from '../limits/takes-password.decorator.js';
import { LiveGateway } from '../live/live.gateway.js';
import { type Deployment, InjectDeployment } from '../settings/settings.module.js';
import { Page } from './page.decorator.js';
import { sessionName, sessionOptions } from './session-cookie.js';
import { careersPage, signInPage } from './views/public-pages.js';

/** The pages of a company that everybody sees, and the way in. */
@Public()
@Controller()
export class SessionController {
  constructor(
    private readonly auth: AuthService,
    private readonly jobs: JobsService,
    private readonly tenant: TenantContext,
    private readonly sessions: Sessions,
    private readonly live: LiveGateway,
    @InjectDeployment() private readonly deployment: Deployment,
  ) {}

  @Page()
  @Get('careers')
  async careers(@Req() request: Request): Promise<string> {
    const [jobs, recruiter] = await Promise.all([this.jobs.listOpen(), this.sessions.recruiterOf(request)]);
    return careersPage(this.tenant.current(), jobs, recruiter !== null);
  }

  @Page()
  @Get('sign-in')
  form(): string {
    return signInPage(this.tenant.current());
  }

  /** To the desk, always: an address to go on to would be anybody's to choose. */
  @Page()
  @TakesPassword()
  @Post('sign-in')
  @HttpCode(303)
  async signIn(
    @Body({ schema: signIn }) credentials: SignIn,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    try {
      const { token } = await this.auth.signIn(credentials);
      const { protocol } = this.deployment;
      response.cookie(sessionName(protocol), token, sessionOptions(protocol)).location('/desk');
      return '';
    } catch (error) {
      if (!(error instanceof UnauthorizedException)) throw error;
      response.status(401);
      return signInPage(this.tenant.current(), true);
    }
  }

  /** Of the browser: a program's token is not the page's to end. */
  @Page()
  @Post('sign-out')
  @HttpCode(303)
  async signOut(@Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<string> {
    const recruiter = request.headers.authorization === undefined ? recruiterOf(request) : null;
    if (recruiter) {
      await this.sessions.end(recruiter);
      this.live.hangUp(recruiter);
    }
    const { protocol } = this.deployment;
    response.clearCookie(sessionName(protocol), sessionOptions(protocol)).location('/careers');
    return '';
  }
}
