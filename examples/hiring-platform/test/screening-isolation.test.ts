import type { MicroserviceOptions } from '@nestjs/microservices';
import { createIsolationHarness } from '@tenancy/testing';
import { describeIsolation } from '@tenancy/testing/vitest';
import { afterAll } from 'vitest';
import { screeningAddress } from '../src/screening/message-options.js';
import { ScreeningServiceModule } from '../src/screening/screening-service.module.js';
import { provenDatabase } from './support/proven.js';

const { deployment, options, stop } = await provenDatabase();

const service = await createIsolationHarness(ScreeningServiceModule.for(deployment), {
  ...options,
  configure: async (nest) => {
    // With the pipe of the module, as where it is a service alone.
    nest.connectMicroservice<MicroserviceOptions>(screeningAddress(deployment), { inheritAppConfig: true });
    await nest.startAllMicroservices();
  },
});

describeIsolation(service, { timeout: 300_000 });

// After the harness has been closed.
afterAll(stop);
