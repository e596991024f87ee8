import { Logger } from '@nestjs/common';
import { TenantContext } from '../context/tenant-context.js';
import { isTenancyError } from '../errors/brand.js';
import type { CachePart } from './cache-part.js';
import type { CacheParts } from './cache-parts.js';

const context = new TenantContext();

/** The part of the tenant of the work in hand. */
export function currentPart(parts: CacheParts): () => CachePart {
  let isSaid = false;
  return () => {
    let id: string;
    try {
      id = context.tenantId;
    } catch (refusal) {
      // K12: Nest's CacheInterceptor catches this, and its route runs uncached without a word.
      if (!isSaid && isTenancyError(refusal, 'tenant_context_missing')) {
        isSaid = true;
        logger.warn(
          'CACHE_MANAGER is used without a tenant, and refuses (said once). An `@Untenanted()` route under CacheInterceptor runs ' +
            `uncached; for what is everybody's there is \`TenantCache.shared(name)\`.${callerOf(refusal)}`,
        );
      }
      throw refusal;
    }
    return parts.tenant(id);
  };
}

/** The place where it happened, as far as the stack goes beyond this library. */
function callerOf({ stack = '' }: Error): string {
  const [at] = stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line) && !/current-part|cache-facade|tenant-context/.test(line));
  return at === undefined ? '' : ` First${at.replace(/^\s+/, ' ')}.`;
}

const logger = new Logger('TenantCache');
