import { Agent, type Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import type { Tenant } from '@tenancy/core';
import { outsideAnyTenant } from '@tenancy/core/adapter';
import { CanaryRegistry } from '../canaries/canary-registry.js';
import { forgetCanaries, rememberCanaries } from '../canaries/known-canaries.js';
import type { Planted, TenantRows } from '../canaries/planted.js';
import type { Entrance } from '../discovery/entrance.js';
import type { HttpRequest } from '../http-request.js';
import { HarnessMisuseError } from '../misuse.js';
import { rememberSignIn } from '../report/known-secrets.js';
import type { IsolationHarnessOptions, SignedIn } from './harness-options.js';
import { fromOutside, processExits } from './process-exits.js';
import { Recorder } from './recorder.js';
import { SeedBed } from './seed-rows.js';
import { SeenPayloads } from './seen-payloads.js';
import { type Connection, hangUp, send } from './send.js';
import { TenantClient } from './tenant-client.js';

/** As whom a request is sent. */
export interface Identity {
  /** The `Host` header; null for the bare address, which names nobody. */
  readonly host: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The parts of a running application that a harness is made from. */
interface Running {
  readonly name: string;
  readonly app: INestApplication;
  readonly url: string;
  readonly entrances: readonly Entrance[];
  readonly tenants: readonly Tenant[];
  fresh(): Promise<IsolationHarness>;
}

/** A running application with two tenants or more, made by `createIsolationHarness`. */
export class IsolationHarness implements AsyncDisposable {
  /** The application's module. */
  readonly name: string;
  readonly app: INestApplication;
  /** Its address on the loopback interface: `http://127.0.0.1:4711`. */
  readonly url: string;
  readonly tenants: readonly Tenant[];
  /** The values that are each tenant's own. */
  readonly canaries: CanaryRegistry;
  readonly entrances: readonly Entrance[];
  /** Reads a tenant's rows from outside, where the options say how. */
  readonly rowsOf: ((tenant: Tenant) => Promise<TenantRows>) | null;
  /** Each tenant's rows before anything was planted, by its `id`, where the options say how to read them. */
  readonly rowsAtStart = new Map<string, TenantRows>();
  /** Records what leaves the application by other ways than answers. */
  readonly recorder = new Recorder();

  /** @internal The jobs, messages and events that the application has sent. */
  readonly payloads = new SeenPayloads();

  /** @internal The last look at each tenant's rows, by its `id`, until something is planted for it or called as it. */
  readonly looks = new Map<string, TenantRows>();

  /** @internal Starts the application once more, beside this one: nothing is remembered in it. */
  readonly fresh: () => Promise<IsolationHarness>;

  readonly #options: IsolationHarnessOptions;
  readonly #connection: Connection;
  readonly #agent = fromOutside(new Agent({ keepAlive: true }));
  readonly #stopHearing: () => void;
  readonly #clients = new Map<string, TenantClient>();
  readonly #seedBed: SeedBed;
  readonly #ends: (() => unknown)[] = [];
  #closed: Promise<void> | undefined;

  /** @internal `createIsolationHarness` makes one. */
  constructor({ name, app, url, entrances, tenants, fresh }: Running, options: IsolationHarnessOptions) {
    this.fresh = fresh;
    this.name = name;
    this.app = app;
    this.url = url;
    this.entrances = entrances;
    this.tenants = tenants;
    this.#options = options;
    this.canaries = new CanaryRegistry(tenants);
    this.#seedBed = new SeedBed(this.canaries, (tenant, seeding) => options.seed(tenant, seeding));
    const { rows, timeout = 10_000, events } = options;
    this.rowsOf = rows ? (tenant) => outsideAnyTenant(() => rows(this.#own(tenant))) : null;
    this.#connection = {
      url,
      agent: this.#agent,
      timeout,
      events: { count: events?.count ?? 10, milliseconds: events?.milliseconds ?? 300 },
    };
    rememberCanaries(this.canaries);
    this.#stopHearing = processExits.open((observation) => this.recorder.saw(observation));
  }

  /** @internal Milliseconds that a request or a call may take. */
  get timeout(): number {
    return this.#connection.timeout;
  }

  /** @internal Limits of listening. */
  get events(): Connection['events'] {
    return this.#connection.events;
  }

  /** The HTTP server, for supertest: `request(harness.server).get('/jobs').set(harness.as(acme).headers)`. */
  get server(): Server {
    this.#checkOpen();
    return this.app.getHttpServer() as Server;
  }

  /** Calls as a signed-in user of `tenant`, at its host. */
  as(tenant: Tenant): TenantClient {
    this.#checkOpen();
    const client = this.#clients.get(this.#own(tenant).id);
    if (!client) throw new Error(`The tenant ${tenant.slug} is not signed in yet.`);
    return client;
  }

  /** Calls as whoever: another's host with this one's token, or nobody. */
  client({ host, headers = {} }: Identity): TenantClient {
    this.#checkOpen();
    const own = { host: host ?? new URL(this.url).host, ...headers };
    return new TenantClient(own, async (request) => {
      this.#checkOpen();
      return send(this.#connection, own, request);
    });
  }

  /** @internal Sends a request as somebody, and hangs up after some milliseconds. */
  async hangUp({ host, headers = {} }: Identity, request: HttpRequest, after: number): Promise<void> {
    this.#checkOpen();
    await hangUp(this.#connection, { host: host ?? new URL(this.url).host, ...headers }, request, after);
  }

  /** The host and the headers of a signed-in user of `tenant`, apart. */
  async identityOf(tenant: Tenant): Promise<{ host: string; headers: Record<string, string> }> {
    const { host = '', ...headers } = this.as(tenant).headers;
    return { host, headers };
  }

  /** Plants the next round of rows for `tenant`, and registers them as its canaries. */
  async plant(tenant: Tenant): Promise<Planted> {
    const client = this.as(tenant);
    this.looks.delete(tenant.id);
    return outsideAnyTenant(() => this.#seedBed.plant(this.#own(tenant), { client, app: this.app }));
  }

  /** The rows that were planted for `tenant` last. */
  planted(tenant: Tenant): Planted {
    this.#checkOpen();
    const planted = this.#seedBed.latest(this.#own(tenant));
    if (!planted) throw new Error(`Nothing is planted for ${tenant.slug} yet.`);
    return planted;
  }

  /**
   * Removes what was planted, and what came of it, where the options say how.
   *
   * @returns whether they do; what was planted is gone then.
   */
  async clean(): Promise<boolean> {
    this.#checkOpen();
    const { clean } = this.#options;
    if (!clean) return false;
    for (const tenant of this.tenants) await outsideAnyTenant(() => clean(tenant));
    this.canaries.forgetRows();
    this.looks.clear();
    return true;
  }

  /** @internal Has `end` called before the application is stopped. */
  atClose(end: () => unknown): void {
    this.#ends.push(end);
  }

  /** Stops the application. Calling it again does nothing more. */
  close(): Promise<void> {
    this.#closed ??= (async () => {
      forgetCanaries(this.canaries);
      this.#stopHearing();
      this.#agent.destroy();
      for (const end of this.#ends) await end();
      await this.app.close();
    })();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal */
  async signIn(): Promise<void> {
    const { host = ({ slug }: Tenant) => `${slug}.localhost`, signIn } = this.#options;
    const secrets = new Map<string, string>();
    for (const tenant of this.tenants) {
      const at = host(tenant);
      const answer = signIn ? await outsideAnyTenant(() => signIn(tenant, this.client({ host: at }))) : null;
      const headers = answer === null && !signIn ? {} : headersOf(tenant, answer);
      rememberSignIn(tenant, headers);
      const client = this.client({ host: at, headers });
      const twin = secrets.get(JSON.stringify(client.headers));
      if (twin !== undefined) {
        throw new HarnessMisuseError(
          `${tenant.slug} has the same host and the same headers as ${twin}: they cannot be told apart.`,
          'Give each a `host` or a sign-in of its own.',
        );
      }
      secrets.set(JSON.stringify(client.headers), tenant.slug);
      this.#clients.set(tenant.id, client);
    }
  }

  /** @internal The first rows of each tenant. */
  async plantFirst(): Promise<void> {
    for (const tenant of this.tenants) {
      const rows = await this.rowsOf?.(tenant);
      if (rows) this.rowsAtStart.set(tenant.id, rows);
    }
    for (const tenant of this.tenants) await this.plant(tenant);
  }

  #own(tenant: Tenant): Tenant {
    const own = this.tenants.find(({ id }) => id === tenant?.id);
    if (own) return own;
    throw new HarnessMisuseError(
      `${tenant?.slug ?? String(tenant)} is not a tenant of this harness.`,
      `It has ${this.tenants.map(({ slug }) => slug).join(', ')}.`,
    );
  }

  #checkOpen(): void {
    if (this.#closed) {
      throw new HarnessMisuseError('it is closed, and its application with it.', 'Close it after the last test.');
    }
  }
}

function headersOf(tenant: Tenant, answer: SignedIn | null): Readonly<Record<string, string>> {
  if (typeof answer === 'string' && answer !== '') return { authorization: `Bearer ${answer}` };
  const headers = typeof answer === 'object' ? answer?.headers : undefined;
  const values = Object.values(headers ?? {});
  if (headers && values.length > 0 && values.every((value) => typeof value === 'string' && value !== ''))
    return headers;
  throw new HarnessMisuseError(
    `\`signIn\` answered no token for ${tenant.slug}.`,
    'Answer with a bearer token or `{ headers: { cookie } }`. Was it let in? Look at the status of the answer.',
  );
}
