/** A row that was planted for a tenant, as the author's `seed` returns it. */
export type PlantedRow = Readonly<Record<string, unknown>>;

/**
 * The rows that `seed(tenant)` planted, by the singular name of the resource: `{ job: { id, title }, candidate: [{ id }, …] }`. Path
 * parameters and fields that name rows are filled from it: `/jobs/:id` with `job.id`, `candidateId` with `candidate[0].id`.
 */
export type Planted = Readonly<Record<string, PlantedRow | readonly PlantedRow[]>>;

/** Handed to `seed`, so that what it plants can be recognised. */
export interface Planting {
  /** 1 for the first rows of a tenant, then 2, 3, …: the proof plants again where an attack uses rows up. */
  readonly round: number;
  /** A text that nobody else has, to be written into a column: `canary('title')`. */
  readonly canary: (name: string) => string;
}

/** Every row of a tenant, by table, as it is in the database. */
export type TenantRows = Readonly<Record<string, readonly PlantedRow[]>>;
