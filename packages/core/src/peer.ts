import { createRequire } from 'node:module';

// At once, in ESM as in CommonJS: an optional peer is loaded by whoever needs it, where an `import()` would be too late.
const load = createRequire(import.meta.url);

/** The optional peer `name`, or `null` where it is not installed. */
export function optionalPeer<Package>(name: string): Package | null {
  try {
    return load(name) as Package;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // And not something that the peer itself is missing.
    if (code === 'MODULE_NOT_FOUND' && message.includes(`'${name}'`)) return null;
    throw error;
  }
}
