import { TenantColumn } from '@tenancy/typeorm';
import { Column, Entity, ManyToOne, OneToMany, PrimaryGeneratedColumn } from 'typeorm';

@Entity()
export class Candidate {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ type: 'text' })
  readonly tenantId!: string;

  @Column({ type: 'text' })
  name!: string;

  @OneToMany(
    () => Note,
    (note) => note.candidate,
  )
  notes!: Note[];
}

@Entity()
export class Note {
  @PrimaryGeneratedColumn()
  id!: number;

  @TenantColumn()
  readonly companyId!: string;

  @Column({ type: 'text' })
  text!: string;

  @ManyToOne(
    () => Candidate,
    (candidate) => candidate.notes,
  )
  candidate!: Candidate;
}

/** The one list for every tenant. */
@Entity()
export class Skill {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ type: 'text' })
  name!: string;
}
