import { Observable } from 'rxjs';
import { storage } from '../context/storage.js';
import { TenantRequiredError } from '../errors/refusals.js';
import { around } from '../replies/client.js';
import { holdCalls } from './grpc-calls.js';
import { routeOf } from './message-place.js';
import { holdSerializer, isStamped, type Stamped, stampPacket, whileSerializing } from './stamped-packet.js';
import { wiringOf } from './wiring.js';

const STAMPS = Symbol.for('@tenancy/core:stamps');

type Callback = (reply: { readonly err: unknown }) => void;

/**
 * Has whatever a client sends carry its tenant. It is done where the methods are, so that other clients of the class, made for a request
 * or by hand, do it too.
 *
 * `send` and `emit` refuse at once, before anything is connected; `publish` and `dispatchEvent`, which they call, stamp.
 */
export function holdSending(client: object): void {
  around(client, STAMPS, {
    send: (self, call, [pattern]) => {
      const wiring = wiringOf(self);
      if (!wiring || wiring.isShared(routeOf(pattern))) return call();
      // Whoever subscribes sends it: what is made once may be asked by many.
      return new Observable((subscriber) => {
        if (!storage.getStore()?.tenant) subscriber.error(unsent('send', pattern));
        else return (call() as Observable<unknown>).subscribe(subscriber);
      });
    },
    emit: (self, call, [pattern]) => refuseUntenanted(self, 'emit', pattern) ?? call(),
    emitBatch: (self, call, [pattern]) => refuseUntenanted(self, 'emitBatch', pattern) ?? call(),
    publish: (self, call, [packet, callback]) => {
      try {
        stampFrom(self, packet as Stamped);
      } catch (err) {
        (callback as Callback)({ err });
        return () => {};
      }
      return whileSerializing(packet as Stamped, call);
    },
    dispatchEvent: (self, call, [packet]) => dispatched(self, packet as Stamped, call),
    dispatchBatchEvent: (self, call, [packet]) => dispatched(self, packet as Stamped, call),
    // M11: `getService` calls it, and one of the two is enough.
    getClientByServiceName: (self, call) => holdCalls(call() as object, () => wiringOf(self), unsent),
  });
}

function refuseUntenanted(client: object, method: string, pattern: unknown): undefined {
  const wiring = wiringOf(client);
  if (!wiring || wiring.isShared(routeOf(pattern)) || storage.getStore()?.tenant) return;
  throw unsent(method, pattern);
}

function dispatched(client: object, packet: Stamped, call: () => unknown): unknown {
  try {
    stampFrom(client, packet);
  } catch (error) {
    return Promise.reject(error);
  }
  return whileSerializing(packet, call);
}

/** A packet that a class hands to the class it extends is stamped already. */
function stampFrom(client: object, packet: Stamped): void {
  const wiring = wiringOf(client);
  if (!wiring) return;
  holdSerializer(client);
  if (isStamped(packet)) return;
  if (wiring.isShared(routeOf(packet.pattern))) return;
  const tenant = storage.getStore()?.tenant;
  if (!tenant) throw unsent('send', packet.pattern);
  stampPacket(client, packet, tenant.id, wiring);
}

const unsent = (method: string, pattern: unknown): TenantRequiredError =>
  new TenantRequiredError(
    `\`${method}\` of "${routeOf(pattern)}" was called outside any tenant's context, and nothing was sent. Send it inside ` +
      "`TenantContext.run(tenant, …)`; where the message is nobody's, name its pattern in `TenantMicroservicesModule.shared` and mark its " +
      'handler `@Untenanted()`.',
  );
