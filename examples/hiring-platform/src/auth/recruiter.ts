import { verifiedPayload } from '@tenancy/core';
import { z } from 'zod';

/** The person who signed in, as the token says; the session's id, and when it ends by itself, in seconds. */
const recruiter = z.object({
  sub: z.uuid(),
  role: z.enum(['recruiter', 'admin']),
  jti: z.uuid(),
  exp: z.number(),
});

export type Recruiter = z.infer<typeof recruiter>;

/**
 * The recruiter that a request names. The signature was verified when the tenant was identified, and is not verified again; whether
 * the session was ended since, `Sessions` knows.
 */
export function recruiterOf(request: object): Recruiter | null {
  return recruiter.safeParse(verifiedPayload(request)).data ?? null;
}
