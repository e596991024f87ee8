import { Body, Controller, Get, HttpCode, Post, Req, Res, UnauthorizedException } from '@nestjs/common';
import { TenantContext } from '@tenancy/core';
import type { Request, Response } from 'express';
import { AuthService } from '../auth/auth.service.js';
import { Public } from '../auth/public.decorator.js';
import { recruiterOf } from '../auth/recruiter.js';
import { type SignIn, signIn } from '../auth/sign-in.js';
import { JobsService } from '../jobs/jobs.service.js';
import { Page } from './page.decorator.js';
import { SESSION, sessionOptions } from './session-cookie.js';
import { careersPage, signInPage } from './views/public-pages.js';

/** The pages of a company that everybody sees, and the way in. */
@Public()
@Controller()
export class SessionController {
  constructor(
    private readonly auth: AuthService,
    private readonly jobs: JobsService,
    private readonly tenant: TenantContext,
  ) {}

  @Page()
  @Get('careers')
  async careers(@Req() request: Request): Promise<string> {
    return careersPage(this.tenant.current(), await this.jobs.listOpen(), recruiterOf(request) !== null);
  }

  @Page()
  @Get('sign-in')
  form(): string {
    return signInPage(this.tenant.current());
  }

  /** To the desk, always: an address to go on to would be anybody's to choose. */
  @Page()
  @Post('sign-in')
  @HttpCode(303)
  async signIn(
    @Body({ schema: signIn }) credentials: SignIn,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    try {
      const { token } = await this.auth.signIn(credentials);
      response.cookie(SESSION, token, sessionOptions(request)).location('/desk');
      return '';
    } catch (error) {
      if (!(error instanceof UnauthorizedException)) throw error;
      response.status(401);
      return signInPage(this.tenant.current(), true);
    }
  }

  @Page()
  @Post('sign-out')
  @HttpCode(303)
  signOut(@Req() request: Request, @Res({ passthrough: true }) response: Response): string {
    response.clearCookie(SESSION, sessionOptions(request)).location('/careers');
    return '';
  }
}
