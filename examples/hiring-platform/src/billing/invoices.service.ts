import { ConflictException, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { AuditLogService } from '../audit-log/audit-log.service.js';
import type { Recruiter } from '../auth/recruiter.js';
import { JobsService } from '../jobs/jobs.service.js';
import { Invoice } from './invoice.js';
import { InvoiceLine } from './invoice-line.js';
import type { InvoiceChange, InvoiceSearch, NewInvoice, NewInvoiceLine } from './invoice-requests.js';
import type { InvoiceTotal } from './invoice-total.js';
import { prices } from './prices.js';

@Injectable()
export class InvoicesService {
  constructor(
    @InjectRepository(Invoice) private readonly invoices: Repository<Invoice>,
    private readonly jobs: JobsService,
    private readonly auditLog: AuditLogService,
  ) {}

  /** Each invoice with its total. */
  list({ search, sort, order }: InvoiceSearch) {
    const query = this.invoices
      .createQueryBuilder('invoice')
      .innerJoin('invoice.lines', 'line')
      .select('invoice.id', 'id')
      .addSelect('invoice.month', 'month')
      .addSelect('invoice.status', 'status')
      .addSelect('count(*)::int', 'lines')
      .addSelect('sum(line.cents)::float8', 'cents')
      .groupBy('invoice.id')
      .orderBy(sort === 'cents' ? 'cents' : 'invoice.month', order === 'asc' ? 'ASC' : 'DESC')
      .addOrderBy('invoice.id');
    if (search) query.having('bool_or(strpos(lower(line.description), lower(:search)) > 0)', { search });
    return query.getRawMany<InvoiceTotal>();
  }

  find(id: string) {
    return this.invoices.findOneOrFail({ where: { id }, relations: { lines: true }, order: { lines: { id: 'ASC' } } });
  }

  /** The subscription, and a line for each job that is published now: Prisma reads the jobs, TypeORM writes the invoice. */
  async create({ month }: NewInvoice, recruiter: Recruiter) {
    const published = await this.jobs.listOpen();
    const lines = [
      { description: 'Subscription', cents: prices.subscription },
      ...published.map(({ id: jobId, title }) => ({
        jobId,
        description: `Published: ${title}`,
        cents: prices.publishedJob,
      })),
    ];
    return this.invoices.manager.transaction(async (manager) => {
      const { id } = await manager.save(Invoice, { month, lines });
      await this.auditLog.record(recruiter, 'invoice.created', id, manager);
      return manager.findOneOrFail(Invoice, { where: { id }, relations: { lines: true } });
    });
  }

  change(id: string, { status }: InvoiceChange, recruiter: Recruiter) {
    return this.invoices.manager.transaction(async (manager) => {
      const invoice = await manager.findOneByOrFail(Invoice, { id });
      invoice.status = status;
      invoice.paidAt = status === 'paid' ? new Date() : null;
      await manager.save(invoice);
      await this.auditLog.record(recruiter, 'invoice.changed', id, manager);
      return invoice;
    });
  }

  /**
   * To an invoice that is open, which nobody pays meanwhile. A job of another company is refused by the foreign key, as one that does not
   * exist.
   */
  addLine(invoiceId: string, line: NewInvoiceLine, recruiter: Recruiter) {
    return this.invoices.manager.transaction(async (manager) => {
      const where = { id: invoiceId };
      const { status } = await manager.findOneOrFail(Invoice, { where, lock: { mode: 'pessimistic_read' } });
      if (status === 'paid') throw new ConflictException('invoice_paid');
      const added = await manager.save(InvoiceLine, { invoiceId, ...line });
      await this.auditLog.record(recruiter, 'invoice.line_added', invoiceId, manager);
      return added;
    });
  }
}
