import { Injectable, UnauthorizedException } from '@nestjs/common';
import { TenantContext } from '@tenancy/core';
import { InjectTenantPrisma } from '@tenancy/prisma';
import type { TenantPrisma } from '../database/tenant-prisma.js';
import { hashPassword, isPassword } from './password.js';
import { Sessions } from './sessions.js';
import type { SignIn } from './sign-in.js';

@Injectable()
export class AuthService {
  // For addresses nobody has: an answer that came sooner would tell who works here.
  readonly #nobody = hashPassword('nobody');

  constructor(
    @InjectTenantPrisma() private readonly prisma: TenantPrisma,
    private readonly sessions: Sessions,
    private readonly tenant: TenantContext,
  ) {}

  /** A token for this company, and for no other. */
  async signIn({ email, password }: SignIn): Promise<{ token: string }> {
    const user = await this.prisma.user.findFirst({ where: { email } });
    const matches = await isPassword(password, user?.passwordHash ?? (await this.#nobody));
    if (!user || !matches) throw new UnauthorizedException();
    return { token: await this.sessions.begin(user) };
  }

  async profile(id: string) {
    const user = await this.prisma.user.findFirst({ where: { id }, select: { email: true, role: true } });
    // The token outlived the account.
    if (!user) throw new UnauthorizedException();
    return { ...user, company: this.tenant.current().name };
  }
}
