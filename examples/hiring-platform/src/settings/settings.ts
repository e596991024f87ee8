import { randomBytes } from 'node:crypto';
import { type IsolationKind, isolations } from '../database/isolation.js';
import { StartError } from '../start/start-error.js';

export type Protocol = 'http' | 'https';

/** The settings that an operator decides about a deployment. */
export interface Settings {
  readonly port: number;
  /** The address that it listens on, when that is not loopback: in a container, `0.0.0.0`. */
  readonly host?: string;
  /** Companies have a name below it: `acme.localhost`. */
  readonly baseDomain: string;
  /** The protocol that browsers speak: `https` where a proxy before the platform ends TLS. */
  readonly protocol: Protocol;
  readonly jwtSecret: string;
  /** Queues are in PostgreSQL where there is none. */
  readonly redisUrl: string | null;
  /** The home of companies' rows. */
  readonly isolation: IsolationKind;
  /** True when the database is deleted when the platform stops: without `DATABASE_URL`. */
  readonly throwAway: boolean;
}

export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const {
    PORT = '3000',
    BASE_DOMAIN = 'localhost',
    PROTOCOL = 'http',
    ISOLATION = 'rows',
    JWT_SECRET,
    DATABASE_URL,
    REDIS_URL,
    HOST,
  } = environment;
  const port = Number(PORT);
  if (!/^\d+$/.test(PORT) || port > 65_535) {
    throw new StartError(`PORT is ${JSON.stringify(PORT)}, which is not a port. Set it to a number from 0 to 65535.`);
  }
  if (!isIsolation(ISOLATION)) {
    const kinds = Object.keys(isolations).join(' or ');
    throw new StartError(
      `ISOLATION is ${JSON.stringify(ISOLATION)}, which is not a way to keep companies. Set it to ${kinds}.`,
    );
  }
  if (PROTOCOL !== 'http' && PROTOCOL !== 'https') {
    throw new StartError(
      `PROTOCOL is ${JSON.stringify(PROTOCOL)}, which browsers do not speak here. Set it to http, or to https behind a proxy that ends TLS.`,
    );
  }
  // Without a secret of its own, a start accepts only the tokens that it issued itself.
  const jwtSecret = JWT_SECRET || randomBytes(32).toString('base64url');
  return {
    port,
    ...(HOST && { host: HOST }),
    baseDomain: BASE_DOMAIN,
    protocol: PROTOCOL,
    jwtSecret,
    redisUrl: REDIS_URL || null,
    isolation: ISOLATION,
    throwAway: !DATABASE_URL,
  };
}

function isIsolation(kind: string): kind is IsolationKind {
  return Object.hasOwn(isolations, kind);
}
