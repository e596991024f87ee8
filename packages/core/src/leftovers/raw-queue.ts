import type { Leftover, LoadedModule } from './leftovers.js';
import { isWall } from './wall.js';

/** The injection tokens of @nestjs/bullmq, in each of its versions, and what has them. */
const TOKENS = { BullQueue_: 'queue', BullFlowProducer_: 'flow producer' } as const;

/** The metadata that @nestjs/bullmq keeps of a `@Processor()`. */
const PROCESSOR = 'bullmq:processor_metadata';

/** Q15: a queue that is not of `TenantBullModule` makes jobs without a tenant, and shows everybody's. */
export function* rawQueue(module: LoadedModule): Iterable<Leftover> {
  for (const [token, { instance, metatype }] of module.providers) {
    if (typeof token === 'string') yield* rawProducer(token, instance);
    if (isProcessor(metatype) && isRawWorker(instance)) {
      yield leftover(`@Processor() ${metatype.name}`, 'is run by a worker that knows no tenants');
    }
  }
}

function* rawProducer(token: string, instance: unknown): Iterable<Leftover> {
  for (const [prefix, kind] of Object.entries(TOKENS)) {
    // A test may have put something in its place.
    if (!token.startsWith(prefix) || isWall(instance) || !isBullMQ(instance)) continue;
    yield leftover(`The ${kind} "${token.slice(prefix.length)}"`, "knows no tenants: its jobs are everybody's");
  }
}

const isBullMQ = (instance: unknown): boolean =>
  typeof instance === 'object' && instance !== null && 'waitUntilReady' in instance && 'addBulk' in instance;

const isProcessor = (metatype: unknown): metatype is { readonly name: string } =>
  typeof metatype === 'function' && Reflect.hasMetadata(PROCESSOR, metatype);

function isRawWorker(instance: unknown): boolean {
  const worker = (instance as { readonly _worker?: object } | null)?._worker;
  return worker !== undefined && !isWall(worker);
}

const leftover = (option: string, problem: string): Leftover => ({
  option,
  problem,
  fix:
    'Import `TenantBullModule.forRoot(…)` from @tenancy/core/bullmq in the root module, in place of `BullModule.forRoot(…)` and with ' +
    'the same options.',
});
