import { createRequire } from 'node:module';
import type * as NestJwt from '@nestjs/jwt';
import { TenancyConfigurationError } from './errors/configuration-error.js';

type ExceptionClass = abstract new (...args: never[]) => unknown;

// Each is named literally, and inside of `try`: so a bundler takes it along where it is there, and only warns where it is
// not. CommonJS gets `require` for both forms, and ESM tries it for the second (see tsup.config.ts).

/** Nest's own exceptions of WebSockets, for an application that has gateways. */
export async function wsException(): Promise<ExceptionClass> {
  try {
    return exported(await import('@nestjs/websockets'), 'WsException');
  } catch (cause) {
    throw unreachable('@nestjs/websockets', 'gateways', cause);
  }
}

/** Nest's own exceptions of messages, for an application that has handlers of them. */
export async function rpcException(): Promise<ExceptionClass> {
  try {
    return exported(await import('@nestjs/microservices'), 'RpcException');
  } catch (cause) {
    throw unreachable('@nestjs/microservices', 'handlers of messages', cause);
  }
}

/** `@nestjs/jwt`, at once, or `null` where it is not to be found. */
export function nestJwt(): typeof NestJwt | null {
  try {
    return createRequire(import.meta.url)('@nestjs/jwt') as typeof NestJwt;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // In a bundle there may be nowhere to look from.
    if (code === 'ERR_INVALID_ARG_VALUE') return null;
    // And not something that the peer itself is missing.
    if (code === 'MODULE_NOT_FOUND' && message.includes("'@nestjs/jwt'")) return null;
    throw error;
  }
}

/** The version of Nest that is found from here, if any is. */
export function nestVersion(): string | null {
  try {
    return (createRequire(import.meta.url)('@nestjs/core/package.json') as { readonly version: string }).version;
  } catch {
    return null;
  }
}

/** An export by its name; that of a CommonJS package may be found only on its default. */
function exported(loaded: object, name: string): ExceptionClass {
  const named = loaded as Record<string, ExceptionClass | undefined>;
  const found = named[name] ?? (named['default'] as typeof named | undefined)?.[name];
  if (found === undefined) throw new Error(`It exports no ${name}.`);
  return found;
}

function unreachable(name: string, used: string, cause: unknown): TenancyConfigurationError {
  const error = new TenancyConfigurationError(
    'TenancyModule',
    `cannot load ${name}, and the application has ${used}`,
    `Install ${name} where @tenancy/core finds it; in a bundle, bundle both of them or neither.`,
  );
  return Object.assign(error, { cause });
}
