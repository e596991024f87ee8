import type { Invoice } from './invoice.js';

/** An invoice in the list. */
export interface InvoiceTotal extends Pick<Invoice, 'id' | 'month' | 'status'> {
  readonly lines: number;
  readonly cents: number;
}
