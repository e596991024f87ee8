import { createSecretKey } from 'node:crypto';
import { Controller, Get, Headers, Inject, Module, UnauthorizedException } from '@nestjs/common';
import { JwtModule, JwtService } from '@nestjs/jwt';
import type { HttpCase } from '../case.js';
import { NOBODYS_ROW, SECRET } from '../workload.js';

@Controller('jobs')
class JobsController {
  readonly #jwt: JwtService;

  constructor(@Inject(JwtService) jwt: JwtService) {
    this.#jwt = jwt;
  }

  @Get('1')
  one(@Headers('authorization') authorization: string | undefined) {
    const { sub } = this.#jwt.verify<{ sub: string }>(authorization?.slice('Bearer '.length) ?? '');
    if (sub !== 'user_1') throw new UnauthorizedException();
    return { ...NOBODYS_ROW };
  }
}

/**
 * Nest without tenancy that verifies the token once: synchronously and in the handler, so without the guard and the
 * promise that an application would pay for as well.
 */
const bareVerify = (secret: string): HttpCase => {
  @Module({
    imports: [JwtModule.register({ secret, verifyOptions: { algorithms: ['HS256'] } })],
    controllers: [JobsController],
  })
  class BareVerifyModule {}
  return { ownTenant: false, module: BareVerifyModule };
};

/** The secret as the documentation of `@nestjs/jwt` passes it. */
export const withString = bareVerify(SECRET);

/** The secret parsed once: `jsonwebtoken` takes it, the types of `@nestjs/jwt` do not name it. */
export const withKey = bareVerify(createSecretKey(Buffer.from(SECRET)) as unknown as string);
