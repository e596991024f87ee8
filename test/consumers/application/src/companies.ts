import { Injectable, Module } from '@nestjs/common';
import {
  fromJwt,
  fromSubdomain,
  InMemoryTenantRegistry,
  type TenancyOptions,
  type TenancyOptionsFactory,
} from '@tenancy/core';

export const SECRET = 'a-secret-of-the-consumer-with-more-than-32-bytes';

@Injectable()
export class Companies extends InMemoryTenantRegistry {
  constructor() {
    super([
      { id: 't_acme', slug: 'acme' },
      { id: 't_globex', slug: 'globex' },
    ]);
  }
}

export const optionsOf = (registry: Companies): TenancyOptions => ({
  registry,
  sources: [fromSubdomain({ baseDomain: 'app.example.com' }), fromJwt({ secret: SECRET })],
  audit: () => {},
});

/** A registry that lives in injection. */
@Module({ providers: [Companies], exports: [Companies] })
export class CompaniesModule {}

@Injectable()
export class TenancyConfig implements TenancyOptionsFactory {
  constructor(private readonly companies: Companies) {}

  createTenancyOptions(): TenancyOptions {
    return optionsOf(this.companies);
  }
}

@Module({ imports: [CompaniesModule], providers: [TenancyConfig], exports: [TenancyConfig] })
export class TenancyConfigModule {}
