/** The place where an operation was called, as far as Prisma would show it: with `errorFormat: 'minimal'`, its default in production, nowhere. */
export interface CallSite {
  readonly stack?: string;
}

/** How many frames the calling line is looked for in: the first may be one of the engine's own, such as `Array.map`. */
const FRAMES = 4;

/** @param operation the function whose caller it is. */
export function callSiteOf(operation: (...args: never[]) => unknown): CallSite {
  const site = {};
  withStackFrames(FRAMES, () => Error.captureStackTrace(site, operation));
  return site;
}

/** Makes a query of Prisma's. It would take a stack as well, in which it finds this library's lines; that is most of what it takes. */
export function withoutCallSite<R>(make: () => R): R {
  return withStackFrames(0, make);
}

function withStackFrames<R>(frames: number, run: () => R): R {
  const { stackTraceLimit } = Error;
  // Where it cannot be set, as with frozen intrinsics, it stays what it is.
  Reflect.set(Error, 'stackTraceLimit', frames);
  try {
    return run();
  } finally {
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
  }
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
