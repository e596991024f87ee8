import { randomUUID } from 'node:crypto';
import { BadRequestException, ConflictException, Injectable } from '@nestjs/common';
import { CachedTenantRegistry } from '@tenancy/core';
import { type DirectoryTenant, isTenantsError } from '@tenancy/postgres/tenants';
import { Companies } from '../admin/companies.js';
import type { CompanySettings } from '../admin/company-settings.js';
import { insertRows } from '../admin/insert-rows.js';
import type { AuditedAction } from '../audit-log/audit-entry.js';
import { hashPassword } from '../auth/password.js';
import type { SignUp } from './sign-up.js';

@Injectable()
export class SignUpService {
  constructor(
    private readonly companies: Companies,
    private readonly registry: CachedTenantRegistry,
  ) {}

  /** A company, its place and its first recruiter, who runs it. Whatever is refused leaves nothing. */
  async signUp({ slug, name, color, email, password }: SignUp): Promise<DirectoryTenant<CompanySettings>> {
    // Before the transaction, which is short that way.
    const password_hash = await hashPassword(password);
    const id = randomUUID();
    const company = await this.companies
      .create({ slug, name, ...(color && { settings: { color } }) }, async (client, { id: tenant_id }) => {
        await insertRows(client, 'user_account', [{ tenant_id, id, email, role: 'admin', password_hash }]);
        const action: AuditedAction = 'company.created';
        const entry = { tenant_id, id: randomUUID(), recruiter_id: id, action, record_id: id };
        await insertRows(client, 'audit_entry', [entry]);
      })
      .catch((error: unknown) => {
        throw refusalOf(error);
      });
    // Other processes hear of it, and so does this one; but the first call may be here sooner, and somebody may have asked before.
    this.registry.invalidate(company.id);
    return company;
  }
}

function refusalOf(error: unknown): unknown {
  if (!isTenantsError(error)) return error;
  switch (error.code) {
    case 'tenant_name_unusable':
      return new BadRequestException(error.code);
    case 'tenant_busy': // Another sign-up of this name is under way,
    case 'operation_differs': // or was when its process was killed.
    case 'tenant_exists':
      return new ConflictException('tenant_exists');
    default:
      return error;
  }
}
