import { z } from 'zod';

export const signIn = z.strictObject({ email: z.email().toLowerCase(), password: z.string().min(1).max(200) });

export type SignIn = z.infer<typeof signIn>;
