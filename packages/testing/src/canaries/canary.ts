/** A value that the data of one tenant alone has: seen by another, it is a leak. */
export interface Canary {
  /** The `id` of the tenant. */
  readonly tenantId: string;
  readonly value: string;
  /** Its name in messages: `job.title`, `tenant.slug`. */
  readonly what: string;
}

/** A canary, and where it was found. */
export interface Sighting {
  readonly canary: Canary;
  /** A path into the value: `$.items[3].title`, `header etag`, `log 2`, `text`. */
  readonly path: string;
  /** The text around it. */
  readonly excerpt: string;
}
