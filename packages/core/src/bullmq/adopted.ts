import { BullModule, getFlowProducerOptionsToken, getQueueOptionsToken } from '@nestjs/bullmq';
import type { FactoryProvider, Provider } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { outsideAnyTenant } from '../context/enter.js';
import { type Wiring, whileWiring, wiredOptions } from './wiring.js';

type Factory = (options: object) => unknown;

/** Nest's record of a provider. */
interface Wrapper {
  metatype: unknown;
  readonly inject?: unknown;
}

interface Kind {
  readonly prefix: string;
  optionsToken(name: string): unknown;
  register(name: string): readonly Provider[];
}

const kinds: readonly Kind[] = [
  {
    prefix: 'BullQueue_',
    optionsToken: getQueueOptionsToken,
    register: (name) => BullModule.registerQueue({ name }).providers ?? [],
  },
  {
    prefix: 'BullFlowProducer_',
    optionsToken: getFlowProducerOptionsToken,
    register: (name) => BullModule.registerFlowProducer({ name }).providers ?? [],
  },
];

/**
 * Q15: `registerQueue` keeps the class that was set when its decorator ran, and the files of features run before that of the root
 * module. So each queue of the application is made as if it had been registered just now. What was put in its place for a test is left alone.
 */
export function adoptProviders(modules: ModulesContainer, wiring: Wiring): void {
  for (const module of modules.values()) {
    for (const [token, wrapper] of module.providers as unknown as Map<unknown, Wrapper>) {
      if (typeof token !== 'string') continue;
      for (const kind of kinds) {
        if (!token.startsWith(kind.prefix)) continue;
        const name = token.slice(kind.prefix.length);
        const inject = wrapper.inject as readonly unknown[] | undefined;
        if (inject?.length !== 1 || inject[0] !== kind.optionsToken(name)) continue;
        wrapper.metatype = adopted(token, name, kind, wiring);
      }
    }
  }
}

function adopted(token: string, name: string, kind: Kind, wiring: Wiring): Factory {
  return (options) => {
    const provider = kind.register(name).find((one) => (one as FactoryProvider).provide === token) as FactoryProvider;
    const make = () => provider.useFactory({ ...options, ...wiredOptions(wiring) }) as unknown;
    // C6: their connections would deliver in the context of whoever started the application.
    return outsideAnyTenant(() => whileWiring(wiring, make));
  };
}
