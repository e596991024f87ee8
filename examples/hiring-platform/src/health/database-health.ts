import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { AdminPool } from '../admin/admin-pool.js';

/** Asks whether PostgreSQL answers. Anybody may ask, so the answer says no more than that. */
@Injectable()
export class DatabaseHealth {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly pool: AdminPool,
  ) {}

  async check() {
    const indicator = this.indicators.check('database');
    return this.pool.query('select').then(
      () => indicator.up(),
      () => indicator.down(),
    );
  }
}
