import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { recruiterOf } from './recruiter.js';

/** The signed-in recruiter; `SignedInGuard` has made sure that there is one. */
export const CurrentRecruiter = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  recruiterOf(context.switchToHttp().getRequest()),
);
