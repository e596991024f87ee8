import { z } from 'zod';
import { color } from '../admin/company-settings.js';
import { words } from '../text/words.js';

export const signUp = z.strictObject({
  /** The company's name below the platform's domain; the directory says what can be one. */
  slug: z.string().trim().min(1).max(63),
  name: words(120),
  color: color.exactOptional(),
  email: z.email().toLowerCase(),
  password: z.string().min(12).max(200),
});

export type SignUp = z.infer<typeof signUp>;
