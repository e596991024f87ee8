import { z } from 'zod';

const words = z.string().trim().min(1).max(120);

// Strict: a body that names a field of its own, such as `tenantId`, is refused.
export const newJob = z.strictObject({ title: words, location: words, open: z.boolean().default(true) });

export const jobChange = z.strictObject({
  title: words.exactOptional(),
  location: words.exactOptional(),
  open: z.boolean().exactOptional(),
});

export type NewJob = z.infer<typeof newJob>;
export type JobChange = z.infer<typeof jobChange>;
