/** A route as the adapter knows it, whoever put it there. */
export interface RegisteredRoute {
  /** `ALL` of whatever takes every method, `USE` of a function that is mounted at a path and everything below it. */
  readonly method: string;
  readonly path: string;
  /** False where the path cannot be called as it stands: a regular expression, or a mount that the adapter has forgotten. */
  readonly isAddress: boolean;
}

/** The routes that one adapter was seen to be given. */
export interface WatchedRoutes {
  /** Every route by now, without what Nest itself puts beside its controllers': middleware, and handlers of errors and of 404. */
  routes(): readonly RegisteredRoute[];
}
