import type { OpenCase } from './case.js';

/** Each is loaded only in the process that runs it, so that no case carries another one's modules. */
export const cases = {
  'where/pg': async () => (await import('./cases/where-pg.js')).wherePg,
  'where/prisma': async () => (await import('./cases/where-prisma.js')).wherePrisma,
  'bound/pg': async () => (await import('./cases/bound-pg.js')).boundPg,
  'bound/prisma': async () => (await import('./cases/bound-prisma.js')).boundPrisma,
  'extension/prisma': async () => (await import('./cases/extension-prisma.js')).extensionPrisma,
  'session/pg': async () => (await import('./cases/session-pg.js')).sessionPg,
  'session/prisma': async () => (await import('./cases/session-prisma.js')).sessionPrisma,
} satisfies Record<string, () => Promise<OpenCase>>;

export type CaseName = keyof typeof cases;
