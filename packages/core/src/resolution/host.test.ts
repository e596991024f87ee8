import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseHost } from '../host-name.js';
import { requestHost } from './host.js';

describe('the name in a Host value', () => {
  it.each([
    ['acme.app.example.com', 'acme.app.example.com'],
    ['acme.app.example.com:3000', 'acme.app.example.com'],
    ['acme.app.example.com:65535', 'acme.app.example.com'],
    ['acme.app.example.com:59999', 'acme.app.example.com'],
    ['acme.app.example.com:', 'acme.app.example.com'],
    ['ACME.App.Example.COM', 'acme.app.example.com'],
    ['acme.app.example.com.', 'acme.app.example.com'],
    ['acme.app.example.com.:443', 'acme.app.example.com'],
    ['xn--mnchen-3ya.example.com', 'xn--mnchen-3ya.example.com'],
    ['my_service:3000', 'my_service'],
  ])('%s is %s', (value, name) => {
    expect(parseHost(value)).toBe(name);
  });

  it.each([undefined, '', '127.0.0.1', '127.0.0.1:3000', '[::1]', '[::1]:3000', '[fe80::1]:80'])(
    '%s names no domain',
    (value) => {
      expect(parseHost(value)).toBe('');
    },
  );

  it.each([
    'acme.localhost, globex.localhost',
    'acme.localhost globex.localhost',
    'acme..localhost',
    '.localhost',
    'acme.localhost..',
    'acme.localhost:80:80',
    'acme.localhost:http',
    'acme.localhost:123456',
    'acme.localhost:65536',
    'acme.localhost:70000',
    'acme.localhost:99999',
    '[::1]:65536',
    'user@acme.localhost',
    'acme.localhost/globex',
    'http://acme.localhost',
    'acme.localhost\0.evil.test',
    'acme\u0000.localhost',
    'ácme.localhost',
    '%61cme.localhost',
    '::1',
    '[acme.localhost]',
    '.',
    `${'a'.repeat(64)}.localhost`,
    `${'a.'.repeat(127)}localhost`,
  ])('%j is malformed', (value) => {
    expect(parseHost(value)).toBeNull();
  });

  it('answers for any input, and never with a name that the input does not contain', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.webAuthority({ withPort: true })),
        (value) => {
          const name = parseHost(value);
          if (name) expect(value.toLowerCase()).toContain(name);
        },
      ),
      { numRuns: 5_000 },
    );
  });
});

describe('the host of a request', () => {
  const host = 'acme.localhost';

  it('is the Host header', () => {
    expect(requestHost({ headers: { host }, url: '/' })).toBe(host);
  });

  it('is the :authority of HTTP/2', () => {
    expect(requestHost({ headers: { ':authority': host }, url: '/' })).toBe(host);
    expect(requestHost({ headers: { ':authority': host, host: 'globex.localhost' }, url: '/' })).toBeNull();
  });

  it('is what the adapter makes of X-Forwarded-Host', () => {
    const forwarded = { headers: { host: 'inner', 'x-forwarded-host': host }, url: '/' };
    expect(requestHost({ ...forwarded, hostname: 'inner' })).toBe('inner');
    expect(requestHost({ ...forwarded, hostname: host })).toBe(host);
    expect(requestHost(forwarded)).toBe('inner');
  });

  it('is contradictory when the header was sent twice', () => {
    const rawHeaders = ['Host', host, 'Accept', '*/*', 'hOsT', 'globex.localhost'];
    expect(requestHost({ headers: { host }, url: '/', rawHeaders })).toBeNull();
    expect(requestHost({ headers: { host }, raw: { url: '/', rawHeaders } })).toBeNull();
    expect(requestHost({ headers: { host }, url: '/', rawHeaders: rawHeaders.slice(0, 4) })).toBe(host);
  });

  it('is contradictory when an absolute-form target names another', () => {
    expect(requestHost({ headers: { host }, url: 'http://globex.localhost/who' })).toBeNull();
    expect(requestHost({ headers: {}, url: 'http://globex.localhost/who' })).toBeNull();
    expect(requestHost({ headers: { host }, url: 'nonsense' })).toBeNull();
    expect(requestHost({ headers: { host: `${host}:3000` }, url: `http://${host}:3000/who` })).toBe(host);
    expect(requestHost({ headers: { host }, url: '*' })).toBe(host);
  });
});
