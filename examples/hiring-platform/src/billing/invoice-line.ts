import { Column, Entity, JoinColumn, ManyToOne, PrimaryGeneratedColumn, type Relation } from 'typeorm';
import { Invoice } from './invoice.js';

@Entity('invoice_line')
export class InvoiceLine {
  @PrimaryGeneratedColumn('uuid')
  id!: string;

  // @tenancy/typeorm writes it.
  @Column({ name: 'tenant_id', type: 'text' })
  tenantId!: string;

  @Column({ name: 'invoice_id', type: 'uuid' })
  invoiceId!: string;

  /** The published job that the line is for. Jobs are Prisma's, so this is no relation of TypeORM's. */
  @Column({ name: 'job_id', type: 'uuid', nullable: true })
  jobId!: string | null;

  @Column({ type: 'text' })
  description!: string;

  @Column({ type: 'integer' })
  cents!: number;

  // The key contains the tenant, as it does in the database.
  @ManyToOne(
    () => Invoice,
    ({ lines }) => lines,
  )
  @JoinColumn([
    { name: 'tenant_id', referencedColumnName: 'tenantId' },
    { name: 'invoice_id', referencedColumnName: 'id' },
  ])
  invoice!: Relation<Invoice>;
}
