import { Controller, Get, Module } from '@nestjs/common';
import type { HttpCase } from '../case.js';
import { NOBODYS_ROW } from '../workload.js';

@Controller('jobs')
class JobsController {
  @Get('1')
  one() {
    return { ...NOBODYS_ROW };
  }
}

@Module({ controllers: [JobsController] })
class BareModule {}

/** Nest without any tenancy. */
export const bare: HttpCase = { ownTenant: false, module: BareModule };
