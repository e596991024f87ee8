import { z } from 'zod';
import { words } from '../text/words.js';

const name = words(120);

export const newCandidate = z.strictObject({ name, email: z.email().toLowerCase() });

export const candidateChange = z.strictObject({
  name: name.exactOptional(),
  email: z.email().toLowerCase().exactOptional(),
});

export type NewCandidate = z.infer<typeof newCandidate>;
export type CandidateChange = z.infer<typeof candidateChange>;
