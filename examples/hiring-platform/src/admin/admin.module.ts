import { Module } from '@nestjs/common';
import { AdminPool } from './admin-pool.js';
import { AdminPrisma } from './admin-prisma.js';
import { CompanyRegistry } from './company-registry.js';
import { DemoData } from './demo-data.js';

@Module({
  providers: [AdminPool, AdminPrisma, CompanyRegistry, DemoData],
  exports: [AdminPool, CompanyRegistry, DemoData],
})
export class AdminModule {}
