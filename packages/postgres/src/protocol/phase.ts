/**
 * - `idle`: nothing is on its way.
 * - `binding`: a query was sent, and the receipt of the binding in front of it is due.
 * - `bound`: the receipt came, and the end of the binding is due.
 * - `failed`: an error came in place of the binding, and the end of the reply is due.
 * - `control`: the reply to a statement that returns no rows is due.
 * - `query`: the reply that comes is the query's own.
 * - `broken`: the reply was not the one that was due; nothing of what still comes is believed.
 */
export type Phase = 'idle' | 'binding' | 'bound' | 'failed' | 'control' | 'query' | 'broken';
