import type { Cache } from 'cache-manager';

/** The operations of one owner's part of a cache: a tenant's, or that of a shared name. */
export type CachePart = Pick<Cache, 'get' | 'mget' | 'ttl' | 'set' | 'mset' | 'del' | 'mdel' | 'clear' | 'wrap'>;
