import pg from 'pg';

/** A statement of an operation on a tenant, and the connection that it ran on. */
export interface MoverStatement {
  readonly client: unknown;
  readonly text: string;
}

/**
 * Calls `answered` after each statement of an operation on a tenant in this process. The operation goes on when that has ended: it stands still in
 * each of its stages, with all locks that it holds there.
 *
 * @returns the end of it
 */
export function afterEachStatement(answered: (statement: MoverStatement) => Promise<void>): () => void {
  const { prototype } = pg.Client;
  const query = prototype.query as (...given: unknown[]) => unknown;
  const watched = function (this: pg.Client, ...given: unknown[]): unknown {
    const answer = query.apply(this, given);
    const { application_name: name = '' } = (this as unknown as { connectionParameters: { application_name?: string } })
      .connectionParameters;
    // A stream of COPY has other listeners; the statement after it comes in the same transaction.
    if (!name.startsWith('tenancy ') || !(answer instanceof Promise)) return answer;
    const [said] = given as [string | { readonly text: string }];
    const text = typeof said === 'string' ? said : said.text;
    return answer.then(async (result) => {
      await answered({ client: this, text });
      return result;
    });
  };
  prototype.query = watched as never;
  return () => {
    prototype.query = query as never;
  };
}
