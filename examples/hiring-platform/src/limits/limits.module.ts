import { Module } from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import { ThrottlerModule } from '@nestjs/throttler';
import { TenantThrottlerGuard, tenantLimit } from '@tenancy/core/throttler';
import { DEPLOYMENT, type Deployment } from '../settings/settings.module.js';
import { TakesPassword } from './takes-password.decorator.js';

const MINUTE = 60_000;

/** Calls are counted for each company by itself: for each caller and route, and for the company as a whole. */
@Module({
  imports: [
    ThrottlerModule.forRootAsync({
      inject: [DEPLOYMENT, Reflector],
      useFactory: ({ callsPerMinute = 6_000, signInsPerMinute = 60 }: Deployment, reflector: Reflector) => [
        { name: 'caller', limit: callsPerMinute, ttl: MINUTE },
        {
          name: 'sign-ins',
          limit: signInsPerMinute,
          ttl: MINUTE,
          skipIf: (context) => !reflector.get(TakesPassword, context.getHandler()),
        },
        tenantLimit({ name: 'company', limit: 10 * callsPerMinute, ttl: MINUTE }),
      ],
    }),
  ],
  providers: [{ provide: APP_GUARD, useClass: TenantThrottlerGuard }],
})
export class LimitsModule {}
