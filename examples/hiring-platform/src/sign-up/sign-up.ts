import { z } from 'zod';
import { color } from '../admin/company-settings.js';

export const signUp = z.strictObject({
  /** The company's name below the platform's domain; the directory says what can be one. */
  slug: z.string().trim().min(1).max(63),
  // PostgreSQL keeps no zero byte, and nobody reads the others.
  name: z
    .string()
    .trim()
    .min(1)
    .max(120)
    .regex(/^\P{Cc}*$/u),
  color: color.exactOptional(),
  email: z.email().toLowerCase(),
  password: z.string().min(12).max(200),
});

export type SignUp = z.infer<typeof signUp>;
