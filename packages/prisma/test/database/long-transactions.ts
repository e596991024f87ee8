/** `transactionOptions` under which a busy machine may take its time; milliseconds. */
export const longTransactions = { maxWait: 60_000, timeout: 60_000 };
