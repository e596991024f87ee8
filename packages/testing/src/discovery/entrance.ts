import type { JsonSchema } from './json-schema.js';

/** The kind of an entrance: who can call it, and how. */
export type EntranceKind = 'http' | 'sse' | 'graphql' | 'websocket' | 'message' | 'event' | 'queue' | 'cron';

/** A place where work begins in the application: what a stranger, a broker or a clock can call. */
export interface Entrance {
  /**
   * Its name for authors and in reports: `GET /jobs/:id`, `graphql Query.jobs`, `websocket ChatGateway.send`,
   * `message OrdersController.create`, `event OrdersController.created`, `queue MailProcessor.process`, `cron ReportsService.nightly`.
   */
  readonly id: string;
  readonly kind: EntranceKind;
  /** `JobsController.find`; null for a route that no controller has, such as one on the adapter itself. */
  readonly handler: string | null;
  /** True when it is `@Untenanted()`. */
  readonly isUntenanted: boolean;
  /** Of `http`, `sse` and `graphql` entrances. */
  readonly route: Route | null;
  /** Of a subscription of GraphQL, which is sent over a socket of this path. */
  readonly subscription?: Route;
}

/** The HTTP request that calls an entrance. */
export interface Route {
  readonly method: string;
  /** With its parameters: `/jobs/:id`. */
  readonly path: string;
  readonly parameters: readonly RouteParameter[];
  /** Headers that it is told apart by, such as the version of the API. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The body: its schema, `'unknown'` when it takes one of which nothing is known, null when it takes none. */
  readonly body: JsonSchema | 'unknown' | null;
  /** The operation, of a `graphql` entrance: sent as the body's `query`. */
  readonly document?: string;
  /** Arguments of a `graphql` entrance that may be left out, and are, by their names. */
  readonly optionalVariables?: Readonly<Record<string, JsonSchema>>;
}

/** A parameter of a route: of its path, its query or its headers. */
export interface RouteParameter {
  readonly in: 'path' | 'query' | 'header';
  readonly name: string;
  readonly isRequired: boolean;
  readonly schema: JsonSchema | null;
}
