import type { AddressInfo, Server } from 'node:net';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { TenantLogger } from '@tenancy/core/logging';
import type { Deployment } from '../settings/settings.module.js';
import { screeningAddress } from './message-options.js';
import { ScreeningServiceModule } from './screening-service.module.js';

export interface ScreeningService {
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts the second service, at a free port where the deployment names none (0). */
export async function startScreening(deployment: Deployment): Promise<ScreeningService> {
  const service = await NestFactory.createMicroservice<MicroserviceOptions>(ScreeningServiceModule.for(deployment), {
    ...screeningAddress(deployment),
    logger: new TenantLogger({ logLevels: ['warn', 'error'] }),
    abortOnError: false,
  });
  try {
    await service.listen();
    const { port } = service.unwrap<Server>().address() as AddressInfo;
    return { port, stop: () => service.close() };
  } catch (error) {
    await service.close();
    throw error;
  }
}
