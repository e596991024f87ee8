/** Asks a child whether its file enters tenants. BullMQ's own messages have numbers. */
export const PROBE = { cmd: 'tenancy:probe' } as const;

export const WRAPPED = { cmd: 'tenancy:wrapped' } as const;

export const isProbe = (message: unknown): boolean => (message as { cmd?: unknown } | null)?.cmd === PROBE.cmd;

export const isWrapped = (message: unknown): boolean => (message as { cmd?: unknown } | null)?.cmd === WRAPPED.cmd;
