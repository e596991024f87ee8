import { type DynamicModule, Inject, Module } from '@nestjs/common';
import type { Settings } from './settings.js';

/** The settings, and the address of the database that was started or configured. */
export interface Deployment extends Settings {
  readonly databaseUrl: string;
}

export const DEPLOYMENT = Symbol('DEPLOYMENT');

export const InjectDeployment = () => Inject(DEPLOYMENT);

@Module({})
export class SettingsModule {
  static for(deployment: Deployment): DynamicModule {
    return {
      module: SettingsModule,
      global: true,
      providers: [{ provide: DEPLOYMENT, useValue: deployment }],
      exports: [DEPLOYMENT],
    };
  }
}
