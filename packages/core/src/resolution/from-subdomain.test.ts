import { domainToASCII } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromSubdomain } from './from-subdomain.js';
import { NO_TENANT } from './tenant-source.js';

const source = fromSubdomain({ baseDomain: 'app.example.com', reserved: ['www', 'API'] });
const identify = (host: string, from = source) => from.identify({ headers: { host }, url: '/' });

describe('a subdomain', () => {
  it.each(['acme.app.example.com', 'ACME.APP.EXAMPLE.COM', 'acme.app.example.com:8443', 'acme.app.example.com.'])(
    '%s names acme',
    (host) => {
      expect(identify(host)).toEqual({ slug: 'acme' });
    },
  );

  it.each([
    ['the base domain', 'app.example.com'],
    ['a reserved name', 'www.app.example.com'],
    ['a reserved name in capitals', 'api.app.example.com'],
    ['two labels', 'acme.eu.app.example.com'],
    ['two labels, the second reserved', 'acme.www.app.example.com'],
    ['the base domain inside another name', 'acme.app.example.com.evil.test'],
    ['the base domain at the end of another label', 'evilapp.example.com'],
    ['a subdomain of that', 'acme.evilapp.example.com'],
    ['another domain', 'acme.test'],
    ['an IPv4 address', '127.0.0.1'],
    ['an IPv6 address', '[::1]:3000'],
    ['nothing', ''],
  ])('%s says nothing', (_, host) => {
    expect(identify(host)).toBeNull();
  });

  it.each(['acme.app.example.com, globex.app.example.com', '.app.example.com', 'acme..app.example.com'])(
    '%s is malformed and names no tenant that could agree',
    (host) => {
      expect(identify(host)).toBe(NO_TENANT);
    },
  );

  it.each(['büro', 'BÜRO', 'xn--bro-hoa'])('a reserved name may be written as %s', (name) => {
    const own = fromSubdomain({ baseDomain: 'app.example.com', reserved: [name, '7', 'my_app'] });
    for (const label of ['xn--bro-hoa', 'XN--BRO-HOA', '7', 'my_app', 'MY_APP'])
      expect(identify(`${label}.app.example.com`, own)).toBeNull();
    expect(identify('xn--mnchen-3ya.app.example.com', own)).toEqual({ slug: 'münchen' });
  });

  it.each(['', ' ', 'www.app.example.com', 'www.', 'a/b', 'https://www', '*', 'www:80', null, 7])(
    '%j reserves nothing, and is refused',
    (name) => {
      expect(() => fromSubdomain({ baseDomain: 'app.example.com', reserved: [name as string] })).toThrow(
        /^tenancy_misconfigured: fromSubdomain\.reserved: .+would reserve nothing/,
      );
    },
  );

  it('reads punycode as the name it stands for, and only in its one spelling', () => {
    expect(identify('xn--mnchen-3ya.app.example.com')).toEqual({ slug: 'münchen' });
    expect(identify('XN--MNCHEN-3YA.app.example.com')).toEqual({ slug: 'münchen' });
    expect(identify('xn--acme-.app.example.com')).toBe(NO_TENANT);
    expect(identify('xn--a.app.example.com')).toBe(NO_TENANT);
    // The Cyrillic look-alike stays one.
    expect(identify(domainToASCII('аcme.app.example.com'))).toEqual({ slug: 'аcme' });
  });

  it('works below localhost, and below several domains of which the longest counts', () => {
    const several = fromSubdomain({ baseDomain: ['example.com', 'App.Example.com.', 'localhost', 'münchen.example'] });
    expect(identify('acme.localhost:3000', several)).toEqual({ slug: 'acme' });
    expect(identify('acme.example.com', several)).toEqual({ slug: 'acme' });
    expect(identify('acme.app.example.com', several)).toEqual({ slug: 'acme' });
    expect(identify('app.example.com', several)).toBeNull();
    expect(identify('acme.xn--mnchen-3ya.example', several)).toEqual({ slug: 'acme' });
  });

  it('names a tenant only when the host is that label, a dot, and the base domain', () => {
    const label = fc.stringMatching(/^[a-zA-Z0-9_-]{1,20}$/);
    const host = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.domain(),
      fc.webAuthority({ withPort: true, withIPv4: true, withIPv6: true }),
      label.map((name) => `${name}.app.example.com`),
      fc
        .tuple(label, fc.constantFrom('.', '..', ':80', '/', ' ', ',', '\t', '%2e', '.evil.test', '@'))
        .map(([name, tail]) => `${name}.app.example.com${tail}`),
      fc.tuple(fc.string(), label).map(([start, name]) => `${start}${name}.app.example.com`),
      fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => `${labels.join('.')}.app.example.com`),
    );
    fc.assert(
      fc.property(host, (value) => {
        const hint = identify(value);
        if (hint === null || hint === NO_TENANT) return;
        const { slug } = hint as { slug: string };
        const name = new URL(`http://${slug}.app.example.com`).hostname;
        expect(value.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '')).toBe(name);
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('wrong options', () => {
  it.each([
    '',
    '  ',
    [],
    [''],
    undefined,
    7,
    'http://app.example.com',
    'app.example.com:3000',
    '*.example.com',
    '.example.com',
    '127.0.0.1',
    'a b.example.com',
  ])('the base domain %j is refused at start, by name and with the fix', (baseDomain) => {
    expect(() => fromSubdomain({ baseDomain: baseDomain as string })).toThrow(
      /tenancy_misconfigured: fromSubdomain\.baseDomain: .+ Pass the domain/,
    );
  });

  it('so are reserved names that are not names', () => {
    expect(() => fromSubdomain({ baseDomain: 'localhost', reserved: 'www' as never })).toThrow(
      'fromSubdomain.reserved',
    );
  });
});
