/** In cents, for each month. */
export const prices = { subscription: 49_000, publishedJob: 9_900 } as const;
