import { Inject } from '@nestjs/common';

/** The injection token of a `TenantPrismaModule`'s client; `name` is that of the module. */
export function getTenantPrismaToken(name?: string): symbol {
  return Symbol.for(`@tenancy/prisma:client${name === undefined ? '' : `:${name}`}`);
}

/** Injects the scoped client: it sees the rows of the current tenant, and no others. */
export const InjectTenantPrisma = (name?: string): ParameterDecorator & PropertyDecorator =>
  Inject(getTenantPrismaToken(name));
