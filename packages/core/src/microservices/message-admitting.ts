import type { Admission, MessageAdmission, Received } from '../entrances/message-admission.js';
import { isTenancyError } from '../errors/brand.js';
import { TenantRequiredError } from '../errors/refusals.js';
import type { TenancyError } from '../errors/tenancy-error.js';
import { activeTenant, rememberedTenant } from '../registry/active-tenant.js';
import { failedLookup } from '../registry/lookup.js';
import { Carried } from './carried.js';
import { placeOf } from './message-place.js';
import { type MessageStamp, readMessageStamp } from './message-stamp.js';
import { receivedStamp } from './received-stamp.js';
import { SeenStamps } from './seen-stamps.js';
import type { Wiring } from './wiring.js';

/** Nest's numbers of the transports that deliver a message once, or not at all; and of all that keep nothing: gRPC may call again. */
const ONCE: ReadonlySet<unknown> = new Set([0, 1, 2]);
const KEEP_NOTHING: ReadonlySet<unknown> = new Set([0, 1, 2, 4]);

/** M3: verifies the stamps of messages, and looks their tenants up again: one may have been suspended or deleted since. */
export class MessageAdmitting implements MessageAdmission {
  readonly #wiring: Wiring;
  readonly #seen = new WeakMap<object, SeenStamps>();

  constructor(wiring: Wiring) {
    this.#wiring = wiring;
  }

  admit(received: Received): Admission | Promise<Admission> | null {
    const { stamp: text, pattern = received.pattern } = receivedStamp(received.args);
    if (text === undefined || text === null) return null;
    const { registry, secrets } = this.#wiring;
    const stamp = readMessageStamp(text, placeOf(pattern), secrets);
    if (stamp === null) return { refusal: unstamped(secrets.length > 0) };
    const refusal = this.#stale(stamp, received);
    if (refusal) return { refusal };
    const tenant = rememberedTenant(registry, stamp.tenantId);
    return tenant ? { tenant } : this.#lookedUp(stamp.tenantId);
  }

  unstamped(): TenancyError {
    return unstamped(this.#wiring.secrets.length > 0);
  }

  given(args: readonly unknown[]): readonly unknown[] {
    return args.map((arg) => (arg instanceof Carried ? arg.data : arg));
  }

  #stale({ signed }: MessageStamp, { transportId, handler }: Received): TenancyError | null {
    if (!signed) return null;
    const { maxAge, keptMaxAge } = this.#wiring;
    const age = Date.now() / 1000 - signed.seconds;
    const [option, most] = KEEP_NOTHING.has(transportId) ? ['maxAge', maxAge] : ['keptMaxAge', keptMaxAge];
    if (age > (most as number) || -age > maxAge) return tooOld(option as string, most as number);
    if (!ONCE.has(transportId)) return null;
    let seen = this.#seen.get(handler);
    // One from a clock that is ahead is good for twice as long.
    if (!seen) this.#seen.set(handler, (seen = new SeenStamps(2 * maxAge)));
    return seen.isNew(signed.id) ? null : sentAgain();
  }

  async #lookedUp(tenantId: string): Promise<Admission> {
    try {
      return { tenant: await activeTenant(this.#wiring.registry, tenantId) };
    } catch (error) {
      // M9: rejected, it would make the caller wait for ever.
      return { refusal: isTenancyError(error) ? error : failedLookup('id', error) };
    }
  }
}

const unstamped = (isSigned: boolean): TenancyError =>
  new TenantRequiredError(
    `the message has no stamp of a tenant${isSigned ? ' that is signed for its pattern' : ''}. Send it inside a tenant's context, from ` +
      `a service that imports TenantMicroservicesModule${isSigned ? ' with the same `secret`' : ''}; for messages of nobody, mark the ` +
      'handler `@Untenanted()`.',
  );

const tooOld = (option: string, seconds: number): TenancyError =>
  new TenantRequiredError(
    `the stamp of the message was made more than ${seconds} seconds from now. Set the clocks of both services; where messages wait for ` +
      `longer, say so in \`TenantMicroservicesModule.${option}\`.`,
  );

const sentAgain = (): TenancyError =>
  new TenantRequiredError(
    'the stamp of the message came before: somebody has recorded the message, and sent it again. Send each through its own client.',
  );
