import { Module } from '@nestjs/common';
import { AdminPool } from './admin-pool.js';
import { Companies } from './companies.js';
import { CompanyDirectory } from './company-directory.js';
import { DemoData } from './demo-data.js';

@Module({
  providers: [AdminPool, Companies, CompanyDirectory, DemoData],
  exports: [AdminPool, Companies, CompanyDirectory, DemoData],
})
export class AdminModule {}
