import { verifiedPayload } from '@tenancy/core';
import { z } from 'zod';

/** The person who signed in, as the token says. */
const recruiter = z.object({ sub: z.uuid(), role: z.enum(['recruiter', 'admin']) });

export type Recruiter = z.infer<typeof recruiter>;

/** The recruiter behind a request. The signature was verified when the tenant was identified, and is not verified again. */
export function recruiterOf(request: object): Recruiter | null {
  return recruiter.safeParse(verifiedPayload(request)).data ?? null;
}
