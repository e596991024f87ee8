import { Body, Controller, Get, Headers, HttpException, HttpStatus, Post, Res } from '@nestjs/common';
import { Untenanted } from '@tenancy/core';
import type { Response } from 'express';
import { Public } from '../auth/public.decorator.js';
import { type Deployment, InjectDeployment } from '../settings/settings.module.js';
import { type SignUp, signUp } from '../sign-up/sign-up.js';
import { SignUpService } from '../sign-up/sign-up.service.js';
import { Page } from './page.decorator.js';
import { frontPage, madePage } from './views/front-page.js';

/** The platform's own pages, which are no company's. */
@Untenanted()
@Public()
@Controller()
export class FrontController {
  constructor(
    private readonly signUps: SignUpService,
    @InjectDeployment() private readonly deployment: Deployment,
  ) {}

  /** At the platform's own address its companies, and at a company's its careers. */
  @Page()
  @Get()
  front(@Headers('host') host: string, @Res({ passthrough: true }) response: Response): string {
    const [name = ''] = host.split(':');
    if (name.endsWith(`.${this.deployment.baseDomain}`)) {
      response.status(303).location('/careers');
      return '';
    }
    return frontPage(this.#addresses(host));
  }

  @Page()
  @Post('new-company')
  async signUp(
    @Body({ schema: signUp }) wanted: SignUp,
    @Headers('host') host: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    try {
      const { name, slug } = await this.signUps.signUp(wanted);
      return madePage(name, this.#addresses(host)(slug));
    } catch (error) {
      if (!(error instanceof HttpException) || error.getStatus() >= 500) throw error;
      response.status(error.getStatus());
      const isTaken = error.getStatus() === HttpStatus.CONFLICT;
      const problem = isTaken ? 'A company has this address.' : 'This cannot be an address.';
      return frontPage(this.#addresses(host), { problem, wanted });
    }
  }

  #addresses(host: string) {
    const port = /:\d+$/.exec(host)?.[0] ?? '';
    const { protocol, baseDomain } = this.deployment;
    return (slug: string) => `${protocol}://${slug}.${baseDomain}${port}`;
  }
}
