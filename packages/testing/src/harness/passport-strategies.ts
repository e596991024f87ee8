import type { INestApplicationContext } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';

interface Passport {
  use(name: string, strategy: object): unknown;
  readonly _strategies?: Readonly<Record<string, object>>;
}

/** A strategy of `@nestjs/passport`: a provider that has registered itself. */
interface Strategy {
  getPassportInstance(): Passport;
}

/**
 * Notes the strategies of Passport that `app` has registered, and returns what registers them again. Passport is one for the whole
 * process: another application of the same module takes their names, and leaves strategies whose connections have ended.
 */
export function keepPassportStrategies(app: INestApplicationContext): () => void {
  const modules = [...app.get(ModulesContainer, { strict: false }).values()];
  const strategies = modules
    .flatMap(({ providers }) => [...providers.values()].map(({ instance }) => instance as unknown))
    .filter(isStrategy);
  const kept = strategies.flatMap((strategy) => {
    const passport = strategy.getPassportInstance();
    return Object.entries(passport._strategies ?? {})
      .filter(([, registered]) => registered === strategy)
      .map(
        ([name]) =>
          () =>
            passport.use(name, strategy),
      );
  });
  return () => {
    for (const register of kept) register();
  };
}

function isStrategy(instance: unknown): instance is Strategy {
  return (
    typeof instance === 'object' &&
    instance !== null &&
    // Before it is read: a provider may be a proxy that refuses to be read for what it has not.
    'getPassportInstance' in instance &&
    typeof (instance as Partial<Strategy>).getPassportInstance === 'function'
  );
}
