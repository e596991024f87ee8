import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { QueuesModule } from '../queues/queues.module.js';
import { StatisticsModule } from '../statistics/statistics.module.js';
import { ATTEMPTS, AttacksController } from './attacks.controller.js';
import { ForeignIdAttempt } from './foreign-id.attempt.js';
import { ForeignRoomAttempt } from './foreign-room.attempt.js';
import { ForeignTokenAttempt } from './foreign-token.attempt.js';
import { ForgedJobAttempt } from './forged-job.attempt.js';
import { Loopback } from './loopback.js';
import { OtherCompany } from './other-company.js';
import { RawSqlAttempt } from './raw-sql.attempt.js';
import { SharedCacheAttempt } from './shared-cache.attempt.js';

const all = [
  ForeignTokenAttempt,
  ForeignIdAttempt,
  RawSqlAttempt,
  ForgedJobAttempt,
  SharedCacheAttempt,
  ForeignRoomAttempt,
];

@Module({
  imports: [AuthModule, QueuesModule, StatisticsModule],
  controllers: [AttacksController],
  providers: [
    OtherCompany,
    Loopback,
    ...all,
    { provide: ATTEMPTS, inject: all, useFactory: (...attempts) => attempts },
  ],
})
export class AttacksModule {}
