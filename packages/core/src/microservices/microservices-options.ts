import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { requireOptions } from '../errors/require-options.js';
import type { TenantRegistry } from '../registry/tenant-registry.js';
import { type StampSecretOption, stampSecretsOf } from '../stamp/stamp-secrets.js';
import { routeOf } from './message-place.js';
import type { Wiring } from './wiring.js';

/** A pattern as `send` and `@MessagePattern()` have it; for gRPC the path of a method: `/prices.PriceService/Find`. */
export type MessagePatternOption = string | number | object | RegExp;

/** Options of `TenantMicroservicesModule`. */
export interface TenantMicroservicesOptions {
  /**
   * Signs the stamp of each message, so that whoever can reach the broker can make none for a tenant. Of at least 32 bytes; several
   * while one takes the place of another. The same for all services.
   * @defaultValue stamps are not signed
   */
  readonly secret?: StampSecretOption | undefined;
  /**
   * Seconds that a signed stamp is good for, on transports that keep nothing: TCP, Redis, NATS and gRPC. The clocks of the services may
   * differ by as much.
   * @defaultValue 300
   */
  readonly maxAge?: number | undefined;
  /**
   * The same on transports that keep a message until somebody takes it: RabbitMQ, Kafka, MQTT and custom ones. It is to be longer than
   * a message ever waits.
   * @defaultValue 604800, seven days
   */
  readonly keptMaxAge?: number | undefined;
  /**
   * Patterns of messages that are nobody's: they are sent without a tenant, and their handlers are `@Untenanted()`.
   * @defaultValue none
   */
  readonly shared?: readonly MessagePatternOption[] | undefined;
}

const MODULE = 'TenantMicroservicesModule';
const FIVE_MINUTES = 300;
const SEVEN_DAYS = 7 * 24 * 60 * 60;

/** The wiring of an application, but for its registry. @throws `tenancy_misconfigured`, naming the option that is wrong and the fix. */
export function resolveMicroservicesOptions(options: TenantMicroservicesOptions = {}): Omit<Wiring, 'registry'> {
  requireOptions(MODULE, options);
  refuseUnknown(MODULE, options, ['secret', 'maxAge', 'keptMaxAge', 'shared']);
  return {
    secrets: stampSecretsOf(MODULE, options),
    maxAge: seconds('maxAge', options.maxAge, FIVE_MINUTES),
    keptMaxAge: seconds('keptMaxAge', options.keptMaxAge, SEVEN_DAYS),
    isShared: sharedPatterns(options.shared),
  };
}

/** @throws `tenancy_misconfigured` where the application has no registry. */
export function wiringFor(resolved: Omit<Wiring, 'registry'>, registry: TenantRegistry | undefined): Wiring {
  if (registry) return { ...resolved, registry };
  throw new TenancyConfigurationError(
    MODULE,
    'finds no tenants: the application has no TenancyModule',
    'Import `TenancyModule.forRoot({ registry, sources })` in the root module.',
  );
}

function seconds(name: string, given: number | undefined, usual: number): number {
  if (given === undefined) return usual;
  if (typeof given === 'number' && given > 0 && given !== Number.POSITIVE_INFINITY) return given;
  throw new TenancyConfigurationError(
    `${MODULE}.${name}`,
    'is no number of seconds above 0',
    `Correct it, or leave it out: it is ${usual}.`,
  );
}

function sharedPatterns(shared: unknown = []): (route: string) => boolean {
  const isPattern = (one: unknown) =>
    (typeof one === 'string' && one !== '') || typeof one === 'number' || (typeof one === 'object' && one !== null);
  if (!Array.isArray(shared) || !shared.every(isPattern)) {
    throw new TenancyConfigurationError(
      `${MODULE}.shared`,
      'is no list of patterns',
      "Name patterns as `send` has them, or match them: `['health', { cmd: 'rates' }, /^metrics\\./]`.",
    );
  }
  const exact = new Set(shared.filter((one) => !(one instanceof RegExp)).map(routeOf));
  // Without what a `g` or `y` of the application would remember from one message to the next.
  const matched = shared
    .filter((one) => one instanceof RegExp)
    .map(({ source, flags }) => new RegExp(source, flags.replace(/[gy]/g, '')));
  return (route) => exact.has(route) || matched.some((one) => one.test(route));
}
