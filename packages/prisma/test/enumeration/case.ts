/** The scope's way with a name: sends what stands there as it is, or with the tenant put into it, or refuses it. */
export type Verdict = 'passes' | 'rewritten' | 'refused';
export type Arguments = (slug: string) => object;
export interface Case {
  readonly is: Verdict;
  readonly model: string;
  readonly operation: string;
  /** Aimed at the rows of the tenant of this slug. */
  readonly args: Arguments;
}

export const at = (is: Verdict, model: string, operation: string, args: Arguments): Case => ({
  is,
  model,
  operation,
  args,
});
export const id = (n: number | string) => (slug: string) => ({ id: `${slug}-job-${n}` });
export const first = id(1);
export const all = (slug: string) => ({ id: { in: [1, 2].map((n) => `${slug}-job-${n}`) } });
export const office = (slug: string, n = '') => ({ tenantId_id: { tenantId: `t_${slug}`, id: `${slug}-office${n}` } });
export const byId = { id: 'asc' };
export const renamed = { title: 'renamed' };

export const select = (is: Verdict, of: object) => at(is, 'job', 'findMany', () => ({ select: of, orderBy: byId }));
