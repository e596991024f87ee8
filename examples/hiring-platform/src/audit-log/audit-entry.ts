import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm';

export type AuditedAction =
  | 'company.created'
  | `job.${'created' | 'changed'}`
  | `candidate.${'created' | 'changed' | 'forgotten'}`
  | `application.${'created' | 'changed'}`
  | `note.${'created' | 'deleted'}`
  | `invoice.${'created' | 'changed' | 'line_added'}`;

/** That a recruiter wrote something. */
@Entity('audit_entry')
export class AuditEntry {
  @PrimaryGeneratedColumn('uuid')
  id!: string;

  // @tenancy/typeorm writes it.
  @Column({ name: 'tenant_id', type: 'text' })
  tenantId!: string;

  @CreateDateColumn({ type: 'timestamptz' })
  at!: Date;

  @Column({ name: 'recruiter_id', type: 'uuid' })
  recruiterId!: string;

  @Column({ type: 'text' })
  action!: AuditedAction;

  @Column({ name: 'record_id', type: 'uuid' })
  recordId!: string;
}
