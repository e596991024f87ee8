import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ApplicationsModule } from '../applications/applications.module.js';
import { AttacksModule } from '../attacks/attacks.module.js';
import { AuditLogModule } from '../audit-log/audit-log.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { BillingModule } from '../billing/billing.module.js';
import { CandidatesModule } from '../candidates/candidates.module.js';
import { JobsModule } from '../jobs/jobs.module.js';
import { LiveModule } from '../live/live.module.js';
import { MailsModule } from '../mails/mails.module.js';
import { NotesModule } from '../notes/notes.module.js';
import { SignUpModule } from '../sign-up/sign-up.module.js';
import { StatisticsModule } from '../statistics/statistics.module.js';
import { AssetsController } from './assets.controller.js';
import { DeskController } from './desk.controller.js';
import { FrontController } from './front.controller.js';
import { HiringController } from './hiring.controller.js';
import { IsolationController } from './isolation.controller.js';
import { OwnOriginGuard } from './own-origin.guard.js';
import { SessionController } from './session.controller.js';

/** The pages that people see in a browser. */
@Module({
  imports: [
    ApplicationsModule,
    AttacksModule,
    AuditLogModule,
    AuthModule,
    BillingModule,
    CandidatesModule,
    JobsModule,
    LiveModule,
    MailsModule,
    NotesModule,
    SignUpModule,
    StatisticsModule,
  ],
  controllers: [
    FrontController,
    SessionController,
    DeskController,
    HiringController,
    IsolationController,
    AssetsController,
  ],
  providers: [{ provide: APP_GUARD, useClass: OwnOriginGuard }],
})
export class WebModule {}
