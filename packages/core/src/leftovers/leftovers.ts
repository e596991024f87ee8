import { Inject, Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { rawCache } from './raw-cache.js';
import { holdsMessages, rawClient } from './raw-client.js';
import { rawPubSub } from './raw-pub-sub.js';
import { rawQueue } from './raw-queue.js';
import { rawSchedule } from './raw-schedule.js';

/** Nest's record of a module. */
export type LoadedModule = ModulesContainer extends Map<string, infer M> ? M : never;

/** A raw client that was left over beside the library's own: of which module, what it would do, and the fix. */
export interface Leftover {
  readonly option: string;
  readonly problem: string;
  readonly fix: string;
}

/** One file for each kind. None imports the package that it is about: it is told by its shape and its injection token. */
const kinds: readonly ((module: LoadedModule, holdsMessages: boolean) => Iterable<Leftover>)[] = [
  rawCache,
  rawClient,
  rawPubSub,
  rawQueue,
  rawSchedule,
];

/** The start-up check for clients that know nothing of tenants: what they hold or send is everybody's. */
@Injectable()
export class Leftovers {
  constructor(@Inject(ModulesContainer) private readonly modules: ModulesContainer) {}

  /** Called once everything is made. @throws `tenancy_misconfigured` for the first that is found. */
  refuse(): void {
    const isHeld = holdsMessages(this.modules.values());
    for (const module of this.modules.values()) {
      for (const kind of kinds) {
        for (const { option, problem, fix } of kind(module, isHeld))
          throw new TenancyConfigurationError(option, problem, fix);
      }
    }
  }
}
