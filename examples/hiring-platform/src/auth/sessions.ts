import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { TenantContext } from '@tenancy/core';
import { InjectTenantPrisma } from '@tenancy/prisma';
import type { TenantPrisma } from '../database/tenant-prisma.js';
import type { User } from '../generated/client.js';
import { type Recruiter, recruiterOf } from './recruiter.js';

/** A token outlives the cookie that held it, so who signs out is remembered, in the company's own table. */
@Injectable()
export class Sessions {
  constructor(
    @InjectTenantPrisma() private readonly prisma: TenantPrisma,
    private readonly jwt: JwtService,
    private readonly tenant: TenantContext,
  ) {}

  /** A token for this company, and for no other. */
  begin({ id, role }: Pick<User, 'id' | 'role'>): Promise<string> {
    return this.jwt.signAsync({ sub: id, role, tenantId: this.tenant.tenantId }, { jwtid: randomUUID() });
  }

  /** The recruiter behind a request, who has not signed out since. */
  async recruiterOf(request: object): Promise<Recruiter | null> {
    const recruiter = recruiterOf(request);
    if (!recruiter) return null;
    const ended = await this.prisma.endedSession.findUnique({ where: { id: recruiter.jti } });
    return ended ? null : recruiter;
  }

  /** From now on the token opens nothing, wherever a copy of it is. */
  async end({ jti, exp }: Pick<Recruiter, 'jti' | 'exp'>): Promise<void> {
    await this.prisma.endedSession.deleteMany({ where: { expiresAt: { lt: new Date() } } });
    // Two tabs may sign out at once.
    const data = [{ id: jti, expiresAt: new Date(exp * 1_000) }];
    await this.prisma.endedSession.createMany({ data, skipDuplicates: true });
  }
}
