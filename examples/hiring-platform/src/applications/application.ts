import { z } from 'zod';

export const newApplication = z.strictObject({ jobId: z.uuid(), candidateId: z.uuid() });

export const applicationChange = z.strictObject({
  stage: z.enum(['applied', 'interview', 'offer', 'hired', 'rejected']),
});

export interface StageCount {
  readonly stage: string;
  readonly applications: number;
}

export type NewApplication = z.infer<typeof newApplication>;
export type ApplicationChange = z.infer<typeof applicationChange>;
