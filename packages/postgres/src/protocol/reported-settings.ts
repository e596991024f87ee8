/**
 * The settings that PostgreSQL tells its client about whenever they change: time zone, date style, encoding, and
 * `search_path` since version 18. Unlike the text of a statement they show what a function did, too.
 *
 * Source: https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-ASYNC
 */
export class ReportedSettings {
  readonly #values = new Map<string, string>();
  /** Settings that were changed since, each with its value before. */
  readonly #before = new Map<string, string | undefined>();

  report(name = '', value = ''): void {
    if (!this.#before.has(name)) this.#before.set(name, this.#values.get(name));
    this.#values.set(name, value);
    if (this.#before.get(name) === value) this.#before.delete(name);
  }

  of(names: readonly string[]): (readonly [name: string, value: string])[] {
    return names.flatMap((name) => {
      const value = this.#values.get(name);
      return value === undefined ? [] : [[name, value] as const];
    });
  }

  remember(): void {
    this.#before.clear();
  }

  /** True when any of them is not as it was when `remember` was called. */
  get changed(): boolean {
    return this.#before.size > 0;
  }
}
