import { expect } from 'vitest';
import type { Answer } from './http.js';
import type { Company, TestPlatform } from './platform.js';

/** Somebody at a browser, who has signed in on a company's page. */
export class Person {
  private constructor(
    private readonly platform: TestPlatform,
    readonly host: string,
    /** As a browser sends it back: `hiring_session=…`. */
    readonly cookie: string,
    /** As the server has set it. */
    readonly setCookie: string,
  ) {}

  static async signIn(platform: TestPlatform, { slug, recruiters }: Company): Promise<Person> {
    const host = `${slug}.localhost`;
    const { email, password } = recruiters[0];
    const answer = await platform.call(host, '/sign-in', {
      form: { email, password },
      headers: { Origin: `http://${host}:${platform.port}` },
    });
    expect([answer.status, answer.headers.location]).toEqual([303, '/desk']);
    const [setCookie = ''] = answer.headers['set-cookie'] ?? [];
    return new Person(platform, host, setCookie.split(';')[0] as string, setCookie);
  }

  /** Follows a link. */
  get(path: string, host = this.host): Promise<Answer> {
    return this.platform.call(host, path, { headers: { Cookie: this.cookie, Accept: 'text/html' } });
  }

  /** Sends a form of one of the company's own pages, or of the page that `headers` say. */
  send(path: string, form: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) {
    const own = { Origin: `http://${this.host}:${this.platform.port}` };
    return this.platform.call(this.host, path, {
      form,
      headers: { Cookie: this.cookie, Accept: 'text/html', ...own, ...headers },
    });
  }
}
