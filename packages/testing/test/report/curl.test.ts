import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SentRequest } from '../../src/index.js';
import { curlOf } from '../../src/index.js';
import { shellQuote } from '../../src/report/shell-quote.js';
import { aRequest, TOKEN } from './sample-report.js';

/** As a person does: through the shell's input, which has no limit. */
async function paste(command: string, env: NodeJS.ProcessEnv): Promise<void> {
  const shell = spawn('sh', { env, stdio: ['pipe', 'ignore', 'ignore'] });
  shell.stdin.end(`${command}\n`);
  const [code] = await once(shell, 'exit');
  expect(code).toBe(0);
}

/** Strings that shells, printf, curl and terminals make something of, and any other. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc
    .array(
      fc.constantFrom(
        "'",
        '"',
        '\\',
        '$',
        '`',
        '!',
        '%',
        '-',
        '\n',
        '\r',
        '\t',
        '\0',
        '\u001b',
        ' ',
        '*',
        '~',
        '\\n',
        '%s',
        '$(id)',
        '\u202e',
        '#',
        '##[error]',
        '##vso[a]',
        'é',
        '\\\n',
      ),
    )
    .map((parts) => parts.join('')),
);

/** Arguments as they really arrive: bytes cannot be half a surrogate pair, nor arguments hold NUL. */
const arrives = (argument: string) => Buffer.from(argument.replaceAll('\0', '')).toString();

const shells = ['sh', 'bash', 'zsh', 'busybox'].filter((shell) => spawnSync(shell, ['--help']).error === undefined);

describe('shellQuote', () => {
  it.each(shells)('is read back by %s as it was', (shell) => {
    const samples = ['', '-', '-n', '\n', 'a\n\n', '\u001b\n\n', ...fc.sample(text, { numRuns: 1_500, seed: 6 })];
    const line = `printf '%s\\0' ${samples.map((sample) => shellQuote(sample)).join(' ')}`;
    const args = shell === 'busybox' ? ['sh', '-c', line] : ['-c', line];
    const { stdout, status } = spawnSync(shell, args, { maxBuffer: 1e8, encoding: 'utf8' });
    expect(status).toBe(0);
    expect(stdout.split('\0').slice(0, -1)).toEqual(samples.map(arrives));
  });

  it('writes nothing that a CI server takes for a command', () => {
    fc.assert(
      fc.property(text, (argument) => !/##(?:\[|vso\[)/.test(shellQuote(argument))),
      { numRuns: 2_000, seed: 6 },
    );
  });

  it('writes nothing that controls a terminal', () => {
    fc.assert(
      // A newline at the end of an argument is the one thing that is written as it is.
      fc.property(text, (argument) => !/(?!\n)[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u.test(shellQuote(argument))),
      { numRuns: 2_000, seed: 6 },
    );
  });
});

describe('curlOf', () => {
  it('keeps a short command on one line', () => {
    const request = aRequest({ headers: { host: 'acme.localhost' } });
    expect(curlOf(request)).toBe("curl -i http://127.0.0.1:4711/jobs/7 -H 'Host: acme.localhost'");
  });

  it('writes variables for tokens and cookies where it is asked to', () => {
    const request = aRequest({
      headers: { authorization: `Bearer ${TOKEN}`, cookie: 'sid=1', 'x-session-token': 't' },
    });
    const command = curlOf(request, { secrets: 'variables' });
    expect(command).toContain('-H "Authorization: Bearer $TOKEN"');
    expect(command).toContain('-H "Cookie: $COOKIE"');
    expect(command).toContain('-H "X-Session-Token: $X_SESSION_TOKEN"');
    expect(command).not.toContain(TOKEN);
    expect(curlOf(request)).toContain(TOKEN);
  });

  it('hands any header, path and body to curl as they are, and runs nothing', () => {
    const samples = fc.sample(fc.record({ path: text, value: text, body: text }), { numRuns: 150, seed: 6 });
    const commands = samples.map(({ path, value, body }) =>
      curlOf({
        method: 'POST',
        url: `http://127.0.0.1:1/${path}`,
        headers: { 'X-Any': value, 'Content-Type': 'text/plain' },
        body,
      }),
    );
    const echo = `curl() { printf '%s\\0' "$@"; case " $* " in *' @- '*) cat; printf '\\0';; esac; printf 'END\\0'; }`;
    const { stdout, status } = spawnSync('sh', ['-c', [echo, ...commands].join('\n')], { maxBuffer: 1e8 });
    expect(status).toBe(0);
    // As bytes: a header is Latin-1 where it can be.
    const calls = stdout.toString('latin1').split('END\0').slice(0, -1);
    expect(calls).toHaveLength(samples.length);
    for (const [n, { path, value, body }] of samples.entries()) {
      const args = (calls[n] ?? '').split('\0');
      const bytes = (part: string) => Buffer.from(part).toString('latin1');
      expect(args).toContain(bytes(arrives(`http://127.0.0.1:1/${path}`)));
      const header = value === '' ? 'X-Any;' : `X-Any: ${value}`.replaceAll('\0', '');
      expect(args).toContain(/[^\0-\xff]/.test(header) ? bytes(header) : header);
      if (body !== '') expect(calls[n]).toContain(`\0${bytes(body)}\0`);
    }
  });
});

const hasCurl = spawnSync('curl', ['--version']).error === undefined;
const name = hasCurl ? 'curl itself' : 'curl itself (skipped: install it with `apt-get install curl`)';

describe.skipIf(!hasCurl)(name, () => {
  let server: Server;
  let url: string;
  const heard: { method?: string; url?: string; headers: Record<string, string>; body: Buffer }[] = [];
  beforeAll(async () => {
    server = createServer(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const headers = Object.fromEntries(Object.entries(request.headers).map(([key, value]) => [key, String(value)]));
      heard.push({
        ...(request.method && { method: request.method }),
        ...(request.url && { url: request.url }),
        headers,
        body: Buffer.concat(parts),
      });
      response.end('heard');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());

  const host = { host: 'acme.localhost:4711' };
  const json = { ...host, 'content-type': 'application/json' };
  it.each<[string, Partial<SentRequest>, string]>([
    ['a list', {}, '/jobs?page=2&ids[]=1&q=%20'],
    ['what curl reads as a range', {}, '/jobs/[1-3]/{a,b}'],
    ['dots in the path', {}, '/jobs/../../etc/./passwd'],
    ['what curl takes for a fragment', {}, '/jobs/#1?a'],
    ['a body', { method: 'POST', headers: json, body: `{"title":"it's \\"@file\\" $HOME \`id\` é 雪"}` }, '/jobs'],
    ['a body that begins with @', { method: 'POST', headers: json, body: '@/etc/passwd' }, '/jobs'],
    ['a body of controls', { method: 'PUT', headers: json, body: 'a\0b\r\nc\td\u001b[31m\\n%s\n\n' }, '/jobs'],
    ['a long body', { method: 'POST', headers: json, body: 'x'.repeat(300_000) }, '/jobs'],
    ['a body without a type', { method: 'PATCH', body: 'a=1' }, '/jobs'],
    ['a body of GET', { headers: json, body: '{}' }, '/jobs'],
    ['no body', { method: 'DELETE' }, '/jobs/7'],
    ['HEAD', { method: 'HEAD' }, '/jobs'],
    [
      'odd headers',
      { headers: { ...host, 'x-name': 'Zoë; "a" $HOME', 'x-empty': '', 'x-tab': 'a\tb', 'content-length': '99' } },
      '/jobs',
    ],
    ['a token', { headers: { ...host, authorization: `Bearer ${TOKEN}`, cookie: 'sid=1; b=2' } }, '/jobs'],
  ])('sends %s as it was sent', async (_, more, target) => {
    for (const secrets of ['shown', 'variables'] as const) {
      heard.length = 0;
      const request: SentRequest = { method: 'GET', headers: host, body: null, ...more, url: `${url}${target}` };
      const env = { ...process.env, TOKEN, COOKIE: 'sid=1; b=2' };
      await paste(curlOf(request, { secrets }), env);
      expect(heard).toHaveLength(1);
      const [{ headers, body, ...got } = { headers: {}, body: Buffer.alloc(0) }] = heard;
      expect(got).toEqual({ method: request.method, url: target });
      expect(body.equals(Buffer.from(request.body ?? ''))).toBe(true);
      const { 'content-length': __, ...sent } = request.headers;
      expect(headers).toMatchObject(sent);
      expect(headers['content-type']).toBe(request.headers['content-type']);
    }
  });
});
