import { describe, expect, it } from 'vitest';
import { concealedEvidence } from '../../src/report/concealed.js';
import { concealedText, rememberSignIn } from '../../src/report/known-secrets.js';
import { isSecretName } from '../../src/report/secret-names.js';
import { aRequest, aSighting, evidence, title } from './sample-report.js';

const SIGNED_IN = 'opaque/7Yq-signed+in=by.header';
const acme = { id: 't_acme-0001', slug: 'acme' };
rememberSignIn(acme, { 'x-who': SIGNED_IN, 'x-tenant': 't_acme-0001' });

describe('what has the name of a secret', () => {
  it.each([
    ...['password', 'newPassword', 'password_hash', 'passwordHash', 'accessToken', 'access_token', 'tokens', 'TOKEN'],
    ...['apiKey', 'x-api-key', 'client_secret', 'privateKey', 'sid', 'otp', 'session_id', 'sessionId', 'user.token'],
  ])('is %s', (name) => expect(isSecretName(name)).toBe(true));

  it.each([
    ...['title', 'tokenType', 'secretName', 'key', 'passport', 'shipping', 'side', 'keyboard', 'sessions.count', 'id'],
    ...['assignee', 'authors', 'apiKeyId', ''],
  ])('is not %j', (name) => expect(isSecretName(name)).toBe(false));
});

describe('a text without secrets', () => {
  it.each([
    ['{"password":"hunter2"}', '{"password":"‹$PASSWORD›"}'],
    ['{"a":"{\\"token\\":\\"x\\"}"}', '{"a":"{\\"token\\":\\"‹$TOKEN›\\"}"}'],
    ['{"pin": 1234, "page": 5}', '{"pin": "‹$PIN›", "page": 5}'],
    ["{ apiKey: 'k-1' }", "{ apiKey: 'k-1' }"],
    ['email=a@b.test&password=a%20b&next=/', 'email=a@b.test&password=‹$PASSWORD›&next=/'],
    ['GET /jobs?access_token=abc HTTP/1.1', 'GET /jobs?access_token=‹$ACCESS_TOKEN› HTTP/1.1'],
    ['Authorization: Bearer 0123456789ab', 'Authorization: Bearer ‹$TOKEN›'],
    ['WWW-Authenticate: Bearer realm="jobs"', 'WWW-Authenticate: Bearer realm="jobs"'],
    ['connect to postgres://app:s3cret@db/jobs', 'connect to postgres://app:‹$PASSWORD›@db/jobs'],
    ['token: eyJhbGciOiJub25lIn0.eyJ0Ijoi.c2ln is old', 'token: ‹$TOKEN› is old'],
    ['password: must be longer than 8 characters', 'password: must be longer than 8 characters'],
    [`token: ${'9f'.repeat(12)}`, 'token: ‹$TOKEN›'],
    ['name="password"\r\n\r\nhunter2\r\n--x', 'name="password"\r\n\r\n‹$PASSWORD›\r\n--x'],
    [`as ${SIGNED_IN}, in ${encodeURIComponent(SIGNED_IN)}`, 'as ‹$X_WHO›, in ‹$X_WHO›'],
    ['of t_acme-0001', 'of t_acme-0001'],
    ['-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----', '‹$PRIVATE_KEY›'],
  ])('%j', (text, concealed) => {
    expect(concealedText(text)).toBe(concealed);
    expect(concealedText(concealed)).toBe(concealed);
  });
});

describe('evidence', () => {
  const refresh = 'rt-4f9d1c7b';
  const found = concealedEvidence(
    evidence({
      request: aRequest({
        method: 'POST',
        url: 'http://127.0.0.1:4711/a?access_token=q-5512-xyz&page=2',
        headers: { host: 'acme.localhost', 'x-who': SIGNED_IN, cookie: 'sid=c-0123456789-abc', 'x-api-key': 'k-99' },
        body: '{"password":"hunter2","title":"a"}',
      }),
      response: {
        status: 201,
        headers: { 'set-cookie': 'sid=c-0123456789-abc; Path=/; HttpOnly', 'x-request-id': '7' },
        text: JSON.stringify({ refreshToken: refresh, tokens: ['in-a-list-1'], title: title.value }),
      },
      log: [`signed in with ${refresh} and in-a-list-1`],
      sightings: [
        aSighting({ excerpt: `…${refresh.slice(0, -1)} ${title.value} ${'in-a-list-1'.slice(0, 9)}…` }),
        aSighting({ canary: { tenantId: 't_globex', what: 'user.apiKey', value: 'gk-77123' }, excerpt: 'is gk-77123' }),
      ],
      changes: [{ table: 'user', before: { id: 1, password_hash: '$2b$10$abc' }, after: { id: 1, note: refresh } }],
    }),
  );

  it('keeps none of them, in no field', () => {
    const text = JSON.stringify(found);
    for (const secret of [
      SIGNED_IN,
      'q-5512-xyz',
      'c-0123456789-abc',
      'k-99',
      'hunter2',
      refresh,
      'in-a-list',
      'gk-77',
      '$2b$10',
    ])
      expect(text).not.toContain(secret);
    expect(text).toContain(title.value);
    expect(found.response?.headers).toEqual({ 'set-cookie': 'sid=‹$COOKIE›; Path=/; HttpOnly', 'x-request-id': '7' });
    expect(found.changes[0]?.before).toEqual({ id: 1, password_hash: '‹$PASSWORD_HASH›' });
  });

  it('has a command that names variables, and no port that is gone', () => {
    expect(found.curl).toBe(
      [
        `curl -i -X POST "$URL"'/a?access_token='"$ACCESS_TOKEN"'&page=2'`,
        "-H 'Host: acme.localhost'",
        `-H 'X-Who: '"$X_WHO"`,
        '-H "Cookie: $COOKIE"',
        '-H "X-Api-Key: $X_API_KEY"',
        "-H 'Content-Type:'",
        `--data-raw '{"password":"'"$PASSWORD"'","title":"a"}'`,
      ].join(' \\\n  '),
    );
  });

  it('is the same when it is concealed again', () => expect(concealedEvidence(found)).toEqual(found));
});

it('takes no time to speak of for a long text', () => {
  for (const text of ['a'.repeat(500_000), '"a":"'.repeat(20_000), 'a+b/'.repeat(100_000), '\\'.repeat(20_000)]) {
    const began = performance.now();
    concealedText(text);
    expect(performance.now() - began).toBeLessThan(20_000);
  }
});
