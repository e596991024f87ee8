/** Where an operation was called, as far as Prisma would show it: with `errorFormat: 'minimal'`, its default in production, nowhere. */
export interface CallSite {
  readonly stack?: string;
}

/** @param operation the function whose caller it is. */
export function callSiteOf(operation: (...args: never[]) => unknown): CallSite {
  const site = {};
  Error.captureStackTrace(site, operation);
  return site;
}

const INVOCATION = /^(\s*Invalid `[^`]*` invocation):/;

/** Prisma looks for the calling line when it gets the query, which is later here; so it is told afterwards, in Prisma's words. */
export function atCallSite(error: unknown, { stack = '' }: CallSite): unknown {
  if (!(error instanceof Error) || !('clientVersion' in error)) return error;
  const [, place] = /\n\s+at (?:.*\()?(.*:\d+:\d+)\)?(?:\n|$)/.exec(stack) ?? [];
  const { message } = error;
  if (place === undefined || !INVOCATION.test(message)) return error;
  error.message = message.replace(INVOCATION, (_, invocation) => `${invocation} in\n${place.replace('file://', '')}\n`);
  if (error.stack) error.stack = error.stack.replace(message, () => error.message);
  return error;
}
