import { type Answer, call } from './http.js';

export interface PrintedCurl {
  readonly line: string;
  readonly host: string;
  readonly path: string;
  readonly token: string | undefined;
  run(address?: string): Promise<Answer>;
}

/** The `curl` lines of an output, as requests. They are run without curl, which need not be installed. */
export function printedCurls(output: string): PrintedCurl[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('curl '))
    .map((line) => {
      const { hostname, port, pathname: path } = new URL(line.split(' ')[1] as string);
      const options = [...line.matchAll(/ -([Hd]) '([^']*)'/g)].map(
        ([, flag, value]) => [flag, value as string] as const,
      );
      const body = options.find(([flag]) => flag === 'd')?.[1];
      const headers = Object.fromEntries(
        options.filter(([flag]) => flag === 'H').map(([, header]) => header.split(': ') as [string, string]),
      );
      const request = { headers, ...(body !== undefined && { method: 'POST', body: JSON.parse(body) }) };
      const { Authorization: authorization } = headers;
      return {
        line,
        host: hostname,
        path,
        token: authorization?.replace('Bearer ', ''),
        run: (address = '127.0.0.1') => call(Number(port), hostname, path, { ...request, address }),
      };
    });
}
