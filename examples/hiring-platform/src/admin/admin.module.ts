import { Module } from '@nestjs/common';
import { AdminPrisma } from './admin-prisma.js';
import { CompanyRegistry } from './company-registry.js';
import { DemoData } from './demo-data.js';

@Module({ providers: [AdminPrisma, CompanyRegistry, DemoData], exports: [CompanyRegistry, DemoData] })
export class AdminModule {}
