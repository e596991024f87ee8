import { z } from 'zod';

/** The pattern of the question. */
export const SCREEN = 'screen';

export const screened = z.strictObject({ candidateId: z.uuid() });

export type Screened = z.infer<typeof screened>;

/** The answer of the service. */
export interface Screening {
  readonly summary: string;
  /** Answers that recruiters have to ask the candidate for. */
  readonly missing: readonly string[];
}
