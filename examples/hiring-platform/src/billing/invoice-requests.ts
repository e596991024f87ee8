import { z } from 'zod';
import { words } from '../text/words.js';

export const newInvoice = z.strictObject({ month: z.string().regex(/^20\d\d-(0[1-9]|1[0-2])$/) });

export const invoiceChange = z.strictObject({ status: z.enum(['open', 'paid']) });

export const newInvoiceLine = z.strictObject({
  description: words(200),
  cents: z.number().int().min(0).max(100_000_000),
  jobId: z.uuid().exactOptional(),
});

export const invoiceSearch = z.strictObject({
  /** A part of any line's description. */
  search: z.string().max(100).exactOptional(),
  sort: z.enum(['month', 'cents']).default('month'),
  order: z.enum(['asc', 'desc']).default('asc'),
});

export type NewInvoice = z.infer<typeof newInvoice>;
export type InvoiceChange = z.infer<typeof invoiceChange>;
export type NewInvoiceLine = z.infer<typeof newInvoiceLine>;
export type InvoiceSearch = z.infer<typeof invoiceSearch>;
