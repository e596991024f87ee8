import { Controller, Get, HttpCode, Inject, NotFoundException, Param, Post } from '@nestjs/common';
import { TenantContext } from '@tenancy/core';
import { Page } from '../web/page.decorator.js';
import { attackConsole } from './attack-console.js';
import type { Attempt } from './attempt.js';
import { OtherCompany } from './other-company.js';

export const ATTEMPTS = Symbol('ATTEMPTS');

/** Attempts at another company's data, made for real against this server by who clicks. */
@Controller('attacks')
export class AttacksController {
  constructor(
    private readonly tenant: TenantContext,
    private readonly others: OtherCompany,
    @Inject(ATTEMPTS) private readonly attempts: readonly Attempt[],
  ) {}

  @Page()
  @Get()
  console(): string {
    return attackConsole(this.tenant.current(), this.attempts);
  }

  @Page()
  @Post(':attempt')
  @HttpCode(200)
  async attack(@Param('attempt') id: string): Promise<string> {
    const attempt = this.attempts.find((each) => each.id === id);
    if (!attempt) throw new NotFoundException();
    const own = this.tenant.current();
    const other = await this.others.of(own);
    return attackConsole(own, this.attempts, { attempt, outcome: await attempt.run(own, other) });
  }
}
