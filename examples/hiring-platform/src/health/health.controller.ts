import { Controller, Get } from '@nestjs/common';
import { HealthCheck, HealthCheckService } from '@nestjs/terminus';
import { Untenanted } from '@tenancy/core';
import { Public } from '../auth/public.decorator.js';
import { DatabaseHealth } from './database-health.js';

@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly database: DatabaseHealth,
  ) {}

  /** 503 while the database does not answer. It is asked for no company. */
  @Untenanted()
  @Public()
  @Get()
  @HealthCheck()
  check() {
    return this.health.check([() => this.database.check()]);
  }
}
