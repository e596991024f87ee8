import { Controller, Get, Inject, Module } from '@nestjs/common';
import { ClsModule, ClsService } from 'nestjs-cls';
import type { HttpCase } from '../case.js';
import { row, tenantIdOf } from '../workload.js';

@Controller('jobs')
class JobsController {
  readonly #cls: ClsService;

  constructor(@Inject(ClsService) cls: ClsService) {
    this.#cls = cls;
  }

  @Get('1')
  one() {
    return row(this.#cls.get('tenantId'));
  }
}

@Module({
  imports: [
    ClsModule.forRoot({
      global: true,
      middleware: {
        mount: true,
        setup: (cls, request: { readonly headers: { readonly host?: string } }) =>
          cls.set('tenantId', tenantIdOf(request.headers.host)),
      },
    }),
  ],
  controllers: [JobsController],
})
class NestjsClsModule {}

/** nestjs-cls with its middleware mounted: one `set`, one `get`, and no check of any kind. */
export const nestjsCls: HttpCase = { ownTenant: true, module: NestjsClsModule };
