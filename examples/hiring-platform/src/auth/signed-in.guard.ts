import { type CanActivate, type ExecutionContext, Injectable, UnauthorizedException } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Public } from './public.decorator.js';
import { recruiterOf } from './recruiter.js';

/** Everything needs a valid token, except what is `@Public()`. */
@Injectable()
export class SignedInGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.reflector.getAllAndOverride(Public, [context.getHandler(), context.getClass()])) return true;
    if (recruiterOf(context.switchToHttp().getRequest())) return true;
    throw new UnauthorizedException();
  }
}
