import { Body, Controller, Headers, Post } from '@nestjs/common';
import { Untenanted } from '@tenancy/core';
import { Public } from '../auth/public.decorator.js';
import { type Deployment, InjectDeployment } from '../settings/settings.module.js';
import { type SignUp, signUp } from './sign-up.js';
import { SignUpService } from './sign-up.service.js';

@Controller('sign-up')
export class SignUpController {
  constructor(
    private readonly service: SignUpService,
    @InjectDeployment() private readonly deployment: Deployment,
  ) {}

  /** A company of one's own. There is none yet, so whoever asks is in no company's name, whatever host or token says. */
  @Untenanted()
  @Public()
  @Post()
  async signUp(@Body({ schema: signUp }) wanted: SignUp, @Headers('host') host = '') {
    const { slug, name } = await this.service.signUp(wanted);
    const port = /:\d+$/.exec(host)?.[0] ?? '';
    const { protocol, baseDomain } = this.deployment;
    const address = new URL(`${protocol}://${slug}.${baseDomain}${port}`).origin;
    return { slug, name, address, signIn: `${address}/auth/sign-in` };
  }
}
