/** Options of `TenantCacheModule` beside those of Nest's `CacheModule`. */
export interface TenantCacheOptions {
  /**
   * Milliseconds after which what another process has cleared is gone here, too; `0` for at once, which asks the last of the
   * `stores` with each operation. What this cache clears is gone from it at once. Without `stores` it means nothing.
   * @defaultValue `1_000`
   */
  readonly clearedWithin?: number | undefined;
}
