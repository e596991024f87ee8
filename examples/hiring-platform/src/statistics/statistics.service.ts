import { CACHE_MANAGER, type Cache } from '@nestjs/cache-manager';
import { Inject, Injectable } from '@nestjs/common';
import { InjectTenantPrisma } from '@tenancy/prisma';
import type { TenantPrisma } from '../database/tenant-prisma.js';

/** Milliseconds for which the same numbers are shown. */
const FRESH = 1_000;

/** The numbers of a company. The key does not say of which: the cache is each company's own. */
@Injectable()
export class StatisticsService {
  constructor(
    @InjectTenantPrisma() private readonly prisma: TenantPrisma,
    @Inject(CACHE_MANAGER) private readonly cache: Cache,
  ) {}

  now() {
    return this.cache.wrap('statistics', () => this.count(), FRESH);
  }

  private async count() {
    const [openJobs, candidates, applications] = await Promise.all([
      this.prisma.job.count({ where: { open: true } }),
      this.prisma.candidate.count(),
      this.prisma.application.count(),
    ]);
    return { openJobs, candidates, applications };
  }
}
