import type { IncomingMessage } from 'node:http';
import { storage } from '../../context/storage.js';
import type { SocketTools } from '../../entrances/socket-tools.js';
import type { TenancyError } from '../../errors/tenancy-error.js';
import {
  type Admission,
  admitHandshake,
  type Caller,
  callerOf,
  keepVerified,
} from '../../handshake/admit-handshake.js';
import { ConnectionWatch } from '../../handshake/connection-watch.js';
import { forwardedHostname, type HttpAdapterLike } from '../../handshake/forwarded-hostname.js';
import type { ResolvedHandshakeOptions } from '../../handshake/handshake.options.js';
import type { HostnameOf } from '../../handshake/handshake-request.js';
import type { AllowedOrigins } from '../../handshake/origin.js';
import { type Connection, keepConnection, renewStore } from './connection.js';
import type { Door } from './gateways.js';

/** Lets connections in, or refuses them, and keeps an eye on those that it has let in. */
export class Admittance {
  readonly #tools: SocketTools;
  readonly #options: ResolvedHandshakeOptions;
  readonly #watch: ConnectionWatch;
  #hostnameOf: HostnameOf | undefined;

  constructor(tools: SocketTools, options: ResolvedHandshakeOptions) {
    this.#tools = tools;
    this.#options = options;
    this.#watch = new ConnectionWatch(tools.registry, options.recheck);
  }

  /** Identifies a handshake; `origins` are those that the application has named elsewhere, such as for CORS. */
  identify(
    who: string,
    request: IncomingMessage,
    token?: unknown,
    origins: readonly AllowedOrigins[] = [],
  ): Promise<Admission> {
    return admitHandshake(who, { ...this.#sources(), origins: [...this.#options.origins, ...origins] }, request, token);
  }

  /** The caller of a request of a connection that is open already. */
  callerOf(request: IncomingMessage): Promise<Caller> {
    return callerOf(this.#sources(), request);
  }

  #sources() {
    const { resolver, http } = this.#tools;
    this.#hostnameOf ??= forwardedHostname(http.httpAdapter as HttpAdapterLike | undefined);
    return { resolver, hostnameOf: this.#hostnameOf };
  }

  /** The connection of a client that `door` lets in; undefined where it does not. */
  open(
    client: object,
    admission: Admission,
    door: Door,
    close: (refusal: TenancyError) => void,
  ): Connection | undefined {
    const { tenant, refusal, expires } = admission;
    if (!tenant && (door !== 'anybody' || admission.isForeign)) return undefined;
    const connection: Connection = { store: { tenant, refusal }, tenantId: tenant?.id ?? null, stop: () => {} };
    keepConnection(client, connection);
    keepVerified(client, admission);
    if (tenant) {
      connection.stop = this.#watch.add({
        tenantId: tenant.id,
        expires,
        renew: (renewed) => renewStore(connection, { tenant: renewed, refusal: null }),
        close: (reason) => storage.run(connection.store, close, reason),
      });
    }
    return connection;
  }

  /** Ends the watch over all of them. */
  stop(): void {
    this.#watch.stop();
  }
}
