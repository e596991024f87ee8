import { Module } from '@nestjs/common';
import { TenantCacheModule } from '@tenancy/core/cache';
import { StatisticsController } from './statistics.controller.js';
import { StatisticsService } from './statistics.service.js';

@Module({
  imports: [TenantCacheModule.register()],
  controllers: [StatisticsController],
  providers: [StatisticsService],
  exports: [StatisticsService, TenantCacheModule],
})
export class StatisticsModule {}
