import { type DynamicModule, Module, StandardSchemaValidationPipe } from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { fromSubdomain, TenancyModule } from '@tenancy/core';
import { TenantMicroservicesModule } from '@tenancy/core/microservices';
import { AdminModule } from '../admin/admin.module.js';
import { CompanyDirectory } from '../admin/company-directory.js';
import { PrismaModule } from '../database/prisma.module.js';
import { DEPLOYMENT, type Deployment, SettingsModule } from '../settings/settings.module.js';
import { messageOptions } from './message-options.js';
import { ScreeningController } from './screening.controller.js';

/** A service of its own, with a database connection and a registry of its own: all that the platform tells it is in a message. */
@Module({
  imports: [
    TenancyModule.forRootAsync({
      imports: [AdminModule],
      inject: [CompanyDirectory, DEPLOYMENT],
      // Nothing but messages comes in, so that no source is ever asked.
      useFactory: (registry: CompanyDirectory, { baseDomain }: Deployment) => ({
        registry,
        sources: [fromSubdomain({ baseDomain })],
      }),
    }),
    TenantMicroservicesModule.forRootAsync({ inject: [DEPLOYMENT], useFactory: messageOptions }),
    AdminModule,
    PrismaModule,
  ],
  controllers: [ScreeningController],
  providers: [{ provide: APP_PIPE, useClass: StandardSchemaValidationPipe }],
})
export class ScreeningServiceModule {
  static for(deployment: Deployment): DynamicModule {
    return { module: ScreeningServiceModule, imports: [SettingsModule.for(deployment)] };
  }
}
