import { Module } from '@nestjs/common';
import { ClientsModule } from '@nestjs/microservices';
import { DEPLOYMENT } from '../settings/settings.module.js';
import { screeningAddress } from './message-options.js';
import { SCREENING_SERVICE, ScreeningClient } from './screening.client.js';

@Module({
  imports: [
    ClientsModule.registerAsync([{ name: SCREENING_SERVICE, inject: [DEPLOYMENT], useFactory: screeningAddress }]),
  ],
  providers: [ScreeningClient],
  exports: [ScreeningClient],
})
export class ScreeningClientModule {}
