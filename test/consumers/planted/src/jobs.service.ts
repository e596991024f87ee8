import { Injectable } from '@nestjs/common';
import { TenantContext } from '@tenancy/core';
import { database } from './database.js';

@Injectable()
export class JobsService {
  constructor(private readonly context: TenantContext) {}

  all() {
    return database.query('select id, title from job where tenant_id = ?', [this.context.tenantId]);
  }

  open() {
    return database.query('select id, title from job where closed = 0', []);
  }
}
