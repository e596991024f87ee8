import { type DynamicModule, Module, StandardSchemaValidationPipe } from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { fromJwt, fromSubdomain, TenancyModule } from '@tenancy/core';
import { TenantMicroservicesModule } from '@tenancy/core/microservices';
import { AdminModule } from './admin/admin.module.js';
import { CompanyDirectory, RESERVED } from './admin/company-directory.js';
import { ApplicationsModule } from './applications/applications.module.js';
import { AuditLogModule } from './audit-log/audit-log.module.js';
import { AuthModule } from './auth/auth.module.js';
import { BillingModule } from './billing/billing.module.js';
import { CandidatesModule } from './candidates/candidates.module.js';
import { DatabaseModule } from './database/database.module.js';
import { HealthModule } from './health/health.module.js';
import { JobsModule } from './jobs/jobs.module.js';
import { LimitsModule } from './limits/limits.module.js';
import { MailsModule } from './mails/mails.module.js';
import { NotesModule } from './notes/notes.module.js';
import { QueuesModule } from './queues/queues.module.js';
import { messageOptions } from './screening/message-options.js';
import { DEPLOYMENT, type Deployment, SettingsModule } from './settings/settings.module.js';
import { SignUpModule } from './sign-up/sign-up.module.js';
import { StatisticsModule } from './statistics/statistics.module.js';
import { ErrorsModule } from './web/errors.module.js';
import { tokenOf } from './web/session-cookie.js';
import { WebModule } from './web/web.module.js';

@Module({
  imports: [
    TenancyModule.forRootAsync({
      imports: [AdminModule],
      inject: [CompanyDirectory, DEPLOYMENT],
      useFactory: (registry: CompanyDirectory, { baseDomain, jwtSecret, protocol }: Deployment) => ({
        registry,
        sources: [
          fromSubdomain({ baseDomain, reserved: RESERVED }),
          fromJwt({ secret: jwtSecret, extract: (request) => tokenOf(request, protocol) }),
        ],
      }),
    }),
    // Before every module that registers a queue.
    QueuesModule,
    TenantMicroservicesModule.forRootAsync({ inject: [DEPLOYMENT], useFactory: messageOptions }),
    AdminModule,
    ErrorsModule,
    DatabaseModule,
    // Before the guard that asks for a sign-in: who guesses passwords is counted, too.
    LimitsModule,
    AuthModule,
    SignUpModule,
    JobsModule,
    CandidatesModule,
    ApplicationsModule,
    NotesModule,
    BillingModule,
    AuditLogModule,
    MailsModule,
    StatisticsModule,
    HealthModule,
    WebModule,
  ],
  providers: [{ provide: APP_PIPE, useClass: StandardSchemaValidationPipe }],
})
export class AppModule {
  static for(deployment: Deployment): DynamicModule {
    return { module: AppModule, imports: [SettingsModule.for(deployment)] };
  }
}
