import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { TakesPassword } from '../limits/takes-password.decorator.js';
import { AuthService } from './auth.service.js';
import { CurrentRecruiter } from './current-recruiter.decorator.js';
import { Public } from './public.decorator.js';
import type { Recruiter } from './recruiter.js';
import { type SignIn, signIn } from './sign-in.js';

@Controller('auth')
export class AuthController {
  constructor(private readonly auth: AuthService) {}

  @Public()
  @TakesPassword()
  @Post('sign-in')
  @HttpCode(200)
  signIn(@Body({ schema: signIn }) credentials: SignIn) {
    return this.auth.signIn(credentials);
  }

  @Get('me')
  me(@CurrentRecruiter() { sub }: Recruiter) {
    return this.auth.profile(sub);
  }
}
