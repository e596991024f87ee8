import { Body, Controller, Get, Param, ParseUUIDPipe, Patch, Post, Query } from '@nestjs/common';
import { CurrentRecruiter } from '../auth/current-recruiter.decorator.js';
import type { Recruiter } from '../auth/recruiter.js';
import {
  type InvoiceChange,
  type InvoiceSearch,
  invoiceChange,
  invoiceSearch,
  type NewInvoice,
  type NewInvoiceLine,
  newInvoice,
  newInvoiceLine,
} from './invoice-requests.js';
import { InvoicesService } from './invoices.service.js';

@Controller('invoices')
export class InvoicesController {
  constructor(private readonly invoices: InvoicesService) {}

  @Get()
  list(@Query({ schema: invoiceSearch }) search: InvoiceSearch) {
    return this.invoices.list(search);
  }

  @Get(':id')
  find(@Param('id', ParseUUIDPipe) id: string) {
    return this.invoices.find(id);
  }

  @Post()
  create(@Body({ schema: newInvoice }) invoice: NewInvoice, @CurrentRecruiter() recruiter: Recruiter) {
    return this.invoices.create(invoice, recruiter);
  }

  @Patch(':id')
  change(
    @Param('id', ParseUUIDPipe) id: string,
    @Body({ schema: invoiceChange }) change: InvoiceChange,
    @CurrentRecruiter() recruiter: Recruiter,
  ) {
    return this.invoices.change(id, change, recruiter);
  }

  @Post(':id/lines')
  addLine(
    @Param('id', ParseUUIDPipe) id: string,
    @Body({ schema: newInvoiceLine }) line: NewInvoiceLine,
    @CurrentRecruiter() recruiter: Recruiter,
  ) {
    return this.invoices.addLine(id, line, recruiter);
  }
}
