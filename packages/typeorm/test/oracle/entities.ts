import type { EntitySchema } from 'typeorm';

/** The oracle's entities. Alone, a tenant's database fills the tenant by a default, as nobody else is there. */
export function entitiesFor(Schema: typeof EntitySchema, tenantId?: string): EntitySchema<Record<string, unknown>>[] {
  const id = { type: String, primary: true } as const;
  const tenant = tenantId === undefined ? { type: String } : { type: String, default: tenantId };
  // Only columns that hold the same in both databases are compared, so no constraint may tell them apart.
  const free = { nullable: true, createForeignKeyConstraints: false } as const;
  return [
    new Schema<Record<string, unknown>>({ name: 'Country', columns: { id, name: { type: String } } }),
    new Schema<Record<string, unknown>>({
      name: 'Office',
      columns: { tenantId: tenant, id, city: { type: String } },
      relations: {
        jobs: { type: 'one-to-many', target: 'Job', inverseSide: 'office', cascade: ['insert', 'update'] },
        country: { type: 'many-to-one', target: 'Country', joinColumn: { name: 'countryId' }, ...free },
      },
      uniques: [{ columns: ['tenantId', 'city'] }],
    }),
    new Schema<Record<string, unknown>>({
      name: 'Tag',
      columns: { tenantId: tenant, id, label: { type: String } },
    }),
    new Schema<Record<string, unknown>>({
      name: 'Job',
      columns: {
        tenantId: tenant,
        id,
        title: { type: String },
        salary: { type: Number, default: 0 },
        officeId: { type: String, nullable: true },
        deletedAt: { type: Date, deleteDate: true, nullable: true },
      },
      relations: {
        office: {
          type: 'many-to-one',
          target: 'Office',
          inverseSide: 'jobs',
          joinColumn: { name: 'officeId' },
          ...free,
        },
        tags: {
          type: 'many-to-many',
          target: 'Tag',
          joinTable: { name: 'job_tag', joinColumn: { name: 'jobId' }, inverseJoinColumn: { name: 'tagId' } },
          createForeignKeyConstraints: false,
        },
        candidates: { type: 'one-to-many', target: 'Candidate', inverseSide: 'job' },
      },
    }),
    new Schema<Record<string, unknown>>({
      name: 'Candidate',
      columns: { tenantId: tenant, id, name: { type: String }, jobId: { type: String, nullable: true } },
      relations: {
        job: { type: 'many-to-one', target: 'Job', inverseSide: 'candidates', joinColumn: { name: 'jobId' }, ...free },
        referee: { type: 'many-to-one', target: 'Candidate', joinColumn: { name: 'refereeId' }, ...free },
      },
    }),
  ];
}

export const relationsOf: Readonly<Record<string, readonly (readonly [relation: string, target: string])[]>> = {
  Office: [
    ['jobs', 'Job'],
    ['country', 'Country'],
  ],
  Job: [
    ['office', 'Office'],
    ['tags', 'Tag'],
    ['candidates', 'Candidate'],
  ],
  Candidate: [
    ['job', 'Job'],
    ['referee', 'Candidate'],
  ],
  Tag: [],
  Country: [],
};

/** A column of each entity that holds text, and what its rows have there, but for a number at the end. */
export const textOf: Readonly<Record<string, string>> = {
  Office: 'city',
  Job: 'title',
  Candidate: 'name',
  Tag: 'label',
  Country: 'name',
};
