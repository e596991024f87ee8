import type { INestApplication } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { isTenancyError } from '@tenancy/core';
import { TenantSocketAdmin } from '@tenancy/core/admin';
import { routeOf } from '../discovery/message-handlers.js';
import { around, can, type Duck } from './duck.js';
import type { Observer, Saw } from './observer.js';
import { watchSockets } from './sockets.js';

/** The exit of what is cached for everybody: no tenant's value belongs there, not even the caller's. */
export const SHARED_CACHE = 'shared cache';

/** Known by what they can do, so that none of the packages has to be installed. */
const kinds: readonly {
  readonly has: readonly string[];
  readonly hasNot?: readonly string[];
  watch(target: Duck, saw: Saw): void;
}[] = [
  // cache-manager, of `@nestjs/cache-manager`.
  { has: ['get', 'set', 'del', 'wrap'], watch: watchCache },
  // The parts of the cache of `@tenancy/core/cache`: whatever is in a shared one is everybody's.
  { has: ['tenant', 'shared', 'clear', 'close'], watch: watchShared },
  // EventEmitter2, of `@nestjs/event-emitter`; a plain EventEmitter is too often not the application's own.
  { has: ['emit', 'emitAsync', 'onAny'], watch: watchEvents },
  // BullMQ's and Bull's queues, and BullMQ's flows.
  { has: ['add', 'addBulk', 'getJob'], watch: watchQueue },
  { has: ['add', 'addBulk', 'getFlow'], watch: watchQueue },
  // Every `ClientProxy` of `@nestjs/microservices` publishes and dispatches.
  { has: ['publish', 'dispatchEvent', 'connect', 'close'], watch: watchClient },
  // Nodemailer's transports, and services around them.
  { has: ['sendMail'], watch: watchMail },
  // Clients that take commands, as those of AWS.
  { has: ['send'], hasNot: ['emit', 'connect'], watch: watchCommands },
];

/** The ways out that Nest applications usually have. */
export const usualExits: Observer = async (app, saw) => {
  for (const instance of instancesOf(app)) {
    const kind = kinds.find(
      ({ has, hasNot = [] }) => has.every((name) => can(instance, name)) && !hasNot.some((name) => can(instance, name)),
    );
    kind?.watch(instance, saw);
    if (Reflect.getMetadata?.('websockets:is_gateway', instance.constructor as object) === true) {
      for (const name of Object.keys(instance)) await everybodys(app, instance[name], (all) => watchSockets(all, saw));
    }
  }
};

/** Does `work` with the server of a gateway, where the sockets of all tenants are seen. */
async function everybodys(app: INestApplication, server: unknown, work: (server: unknown) => void): Promise<void> {
  if (typeof server !== 'object' || server === null) return;
  try {
    await app.get(TenantSocketAdmin, { strict: false }).acrossTenants(REASON, server, work);
  } catch (error) {
    // It is no server of `tenantSockets`, or no server at all.
    if (!isTenancyError(error, 'tenancy_misconfigured')) throw error;
    work(server);
  }
}

const REASON = { reason: 'proof of isolation: what leaves by sockets is watched' };

function instancesOf(app: INestApplication): Set<Duck> {
  const instances = new Set<Duck>();
  for (const module of app.get(ModulesContainer).values()) {
    for (const { instance, isNotMetatype } of [...module.providers.values(), ...module.controllers.values()]) {
      const isObject = typeof instance === 'object' && instance !== null;
      if (isObject && (isNotMetatype || Object.getPrototypeOf(instance) !== null)) instances.add(instance as Duck);
    }
  }
  return instances;
}

function watchCache(cache: Duck, saw: Saw): void {
  const read = (args: unknown[], payload: unknown) => {
    if (payload !== undefined && payload !== null) saw({ exit: 'cache', name: `get ${String(args[0])}`, payload });
  };
  around(cache, 'get', { after: read });
  around(cache, 'mget', { after: read });
  around(cache, 'wrap', { after: read });
  around(cache, 'set', {
    before: ([key, payload]) => saw({ exit: 'cache', name: `set ${String(key)}`, payload }),
  });
  around(cache, 'mset', { before: ([payload]) => saw({ exit: 'cache', name: 'mset', payload }) });
}

function watchShared(parts: Duck, saw: Saw): void {
  const watched = new WeakSet<Duck>();
  around(parts, 'shared', {
    after: ([name], part) => {
      if (typeof part !== 'object' || part === null || watched.has(part as Duck)) return;
      watched.add(part as Duck);
      const sees = (key: unknown, payload: unknown) =>
        saw({ exit: SHARED_CACHE, name: `${String(name)} ${String(key)}`, payload });
      around(part as Duck, 'set', { before: ([key, payload]) => sees(key, payload) });
      around(part as Duck, 'mset', { before: ([payload]) => sees('mset', payload) });
      around(part as Duck, 'wrap', { after: ([key], payload) => sees(key, payload) });
    },
  });
}

function watchEvents(emitter: Duck, saw: Saw): void {
  for (const method of ['emit', 'emitAsync']) {
    around(emitter, method, {
      before: ([event, ...payload]) => saw({ exit: 'event', name: [event].flat().map(String).join('.'), payload }),
    });
  }
}

function watchQueue(queue: Duck, saw: Saw): void {
  const name = typeof queue['name'] === 'string' ? queue['name'] : 'flow';
  around(queue, 'add', { before: (payload) => saw({ exit: 'job', name, payload }) });
  around(queue, 'addBulk', { before: ([payload]) => saw({ exit: 'job', name, payload }) });
}

function watchClient(client: Duck, saw: Saw): void {
  for (const method of ['publish', 'dispatchEvent']) {
    around(client, method, {
      before: ([packet]) => {
        const { pattern, data } = (packet ?? {}) as { pattern?: unknown; data?: unknown };
        saw({ exit: 'message', name: routeOf(pattern), payload: data });
      },
    });
  }
}

function watchMail(transport: Duck, saw: Saw): void {
  around(transport, 'sendMail', {
    before: ([mail]) => saw({ exit: 'mail', name: String((mail as Duck | undefined)?.['to'] ?? ''), payload: mail }),
  });
}

function watchCommands(client: Duck, saw: Saw): void {
  around(client, 'send', {
    before: ([command]) => {
      const { input } = (command ?? {}) as { input?: unknown };
      if (typeof input !== 'object' || input === null) return;
      const { Bucket = '', Key = '' } = input as { Bucket?: string; Key?: string };
      saw({ exit: 'command', name: `${(command as object).constructor.name} ${Bucket}${Key}`.trim(), payload: input });
    },
  });
}
