import { CacheModule } from '@nestjs/cache-manager';

// Applications of the corpus remember what they should not, which is looked for. The start-up check would let none of them begin.
Object.defineProperty(CacheModule, Symbol.for('@tenancy/core:wall'), { value: true });

/** Nest's own, which is everybody's. */
export { CacheModule as RawCacheModule };
