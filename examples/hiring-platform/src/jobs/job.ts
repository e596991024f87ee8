import { z } from 'zod';
import { words } from '../text/words.js';

const line = words(120);

// Strict: a body that names a field of its own, such as `tenantId`, is refused.
export const newJob = z.strictObject({ title: line, location: line, open: z.boolean().default(true) });

export const jobChange = z.strictObject({
  title: line.exactOptional(),
  location: line.exactOptional(),
  open: z.boolean().exactOptional(),
});

export type NewJob = z.infer<typeof newJob>;
export type JobChange = z.infer<typeof jobChange>;
