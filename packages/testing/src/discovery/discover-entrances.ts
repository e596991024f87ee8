import type { INestApplication } from '@nestjs/common';
import type { Entrance } from './entrance.js';

export interface DiscoveryOptions {
  /** The OpenAPI document of the application. */
  readonly openApi?: unknown;
}

/** Every entrance of the application. */
export function discoverEntrances(_app: INestApplication, _options?: DiscoveryOptions): readonly Entrance[] {
  return [];
}
