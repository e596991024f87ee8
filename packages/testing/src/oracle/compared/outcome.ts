const REFUSALS = ['@tenancy/prisma:error', '@tenancy/typeorm:scope-error', '@tenancy/core:error'].map((name) =>
  Symbol.for(name),
);

/** What became of an operation. */
export type Outcome = { readonly answer: unknown } | { readonly error: Error & { readonly code?: unknown } };

export async function outcomeOf(perform: () => PromiseLike<unknown>): Promise<Outcome> {
  try {
    return { answer: await perform() };
  } catch (error) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }
}

/** Whether the scope refused it, by the brands of the packages: they are not imported. */
export function isRefusal(error: object): boolean {
  return REFUSALS.some((brand) => (error as Record<symbol, unknown>)[brand] === true);
}
