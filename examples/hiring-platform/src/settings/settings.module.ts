import { type DynamicModule, Inject, Module } from '@nestjs/common';
import type { Settings } from './settings.js';

/** The settings, and the database that was started or configured. */
export interface Deployment extends Settings {
  /** As the application: a role that is held to one company at a time. */
  readonly databaseUrl: string;
  /** As the owner of the tables, for what belongs to no company. */
  readonly adminDatabaseUrl: string;
  /** Port of the screening service; 0 for the service itself, which takes a free one. */
  readonly screeningPort: number;
  /**
   * Calls that one caller of a company may make of one route within a minute; of all together ten times as many.
   * @defaultValue `6_000`
   */
  readonly callsPerMinute?: number;
  /**
   * Passwords that one caller may try at a company within a minute, on the page and as many by the API.
   * @defaultValue `60`
   */
  readonly signInsPerMinute?: number;
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
