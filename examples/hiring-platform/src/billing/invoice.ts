import { Column, CreateDateColumn, Entity, OneToMany, PrimaryGeneratedColumn } from 'typeorm';
import { InvoiceLine } from './invoice-line.js';

/** The amount that the company owes for a month. */
@Entity('invoice')
export class Invoice {
  @PrimaryGeneratedColumn('uuid')
  id!: string;

  // @tenancy/typeorm writes it.
  @Column({ name: 'tenant_id', type: 'text' })
  tenantId!: string;

  /** `2026-11` */
  @Column({ type: 'text' })
  month!: string;

  @Column({ type: 'text', default: 'open' })
  status!: 'open' | 'paid';

  @CreateDateColumn({ name: 'issued_at', type: 'timestamptz' })
  issuedAt!: Date;

  @Column({ name: 'paid_at', type: 'timestamptz', nullable: true })
  paidAt!: Date | null;

  @OneToMany(
    () => InvoiceLine,
    ({ invoice }) => invoice,
    { cascade: ['insert'] },
  )
  lines!: InvoiceLine[];
}
