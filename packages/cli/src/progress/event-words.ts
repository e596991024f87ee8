import type { MigrationProgress } from '@tenancy/postgres/migrations';
import { counted } from '../output/words.js';

/** An event that is no step forward, in words. */
export function eventWords(event: Exclude<MigrationProgress, { readonly type: 'target' }>): string {
  switch (event.type) {
    case 'planned':
      if (event.behind === null) return counted(event.targets, 'target');
      if (event.behind === 0) return `${counted(event.targets, 'target')}, none is behind`;
      return `${counted(event.targets, 'target')}, ${event.behind} to bring up to date`;
    case 'canary':
      return `first ${counted(event.targets, 'canary', 'canaries')}`;
    case 'waiting':
      return `waiting for ${event.target}, held by ${event.blockers.join('; ')}`;
    case 'busy':
    case 'orphan':
      return event.message;
  }
}
