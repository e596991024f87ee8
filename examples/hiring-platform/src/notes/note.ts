import { z } from 'zod';

export const newNote = z.strictObject({ text: z.string().trim().min(1).max(10_000) });

export type NewNote = z.infer<typeof newNote>;
