import { z } from 'zod';

export const watchedJob = z.strictObject({ jobId: z.uuid() });

export type WatchedJob = z.infer<typeof watchedJob>;
