import { createPublicKey, createSecretKey, KeyObject } from 'node:crypto';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { nestJwt } from '../peer.js';
import { type Hmac, strongSecret } from './hmac-secret.js';
import { type Algorithm, algorithms, type JwtOptions, jwtOptionNames, type TokenVerifier } from './jwt-options.js';

/** Turns the options into the one function that checks a token's signature, expiry and issuer. */
export function jwtVerifier(options: JwtOptions): TokenVerifier {
  refuseUnknown('fromJwt', options, jwtOptionNames);
  const given = (['secret', 'publicKey', 'verifier'] as const).filter((name) => options[name] !== undefined);
  if (given.length !== 1) {
    throw new TenancyConfigurationError(
      'fromJwt',
      given.length === 0 ? 'has no secret' : `has ${given.join(' and ')}`,
      'Pass exactly one of `secret`, `publicKey` and `verifier` (is the environment variable set?).',
    );
  }
  for (const check of ['issuer', 'audience'] as const) {
    // An unset environment variable must not turn a check off.
    if (Object.hasOwn(options, check) && !names(options[check])) {
      throw new TenancyConfigurationError(
        `fromJwt.${check}`,
        'is empty',
        'Set it, or leave it out to accept every one.',
      );
    }
  }
  if (options.verifier !== undefined) {
    const ignored = (['algorithms', 'issuer', 'audience'] as const).find((name) => options[name] !== undefined);
    if (ignored) {
      throw new TenancyConfigurationError(
        `fromJwt.${ignored}`,
        'is not checked by a `verifier` of your own',
        'Check it in the verifier, and leave it out here.',
      );
    }
    if (typeof options.verifier !== 'function') {
      throw new TenancyConfigurationError('fromJwt.verifier', 'is not a function', 'Pass `(token) => payload`.');
    }
    return options.verifier;
  }
  const key = options.publicKey === undefined ? secretKey(options.secret) : publicKey(options.publicKey);
  const pinned = pinnedAlgorithms(key, options.algorithms);
  if (options.secret !== undefined) for (const hmac of pinned) strongSecret(options.secret, hmac as Hmac, wrongSecret);
  const { JwtService } = installedJwt();
  const service = new JwtService({
    // A prepared KeyObject, which jsonwebtoken takes and JwtService's types do not name: a string would be parsed anew
    // for each token.
    secret: key as unknown as Buffer,
    verifyOptions: {
      algorithms: pinned,
      ...(options.issuer !== undefined && { issuer: options.issuer as string }),
      ...(options.audience !== undefined && { audience: options.audience as string }),
    },
  });
  let understood: string | undefined;
  return (token) => {
    const header = token.slice(0, token.indexOf('.'));
    const payload = service.verify<object>(token);
    // Every token of one issuer has the same header, which is parsed once.
    if (header !== understood) {
      refuseCritical(header);
      understood = header;
    }
    return payload;
  };
}

/** A header names in `crit` what a token must not be accepted without, and nothing of it is known here (RFC 7515, section 4.1.11). */
function refuseCritical(header: string): void {
  const parsed: unknown = JSON.parse(Buffer.from(header, 'base64url').toString());
  if (Object.hasOwn(parsed as object, 'crit')) throw new Error('The header of the token has a `crit`.');
}

// An empty string among them would be an environment variable that is not set, too.
const names = (value: unknown) => (Array.isArray(value) ? value.length > 0 && value.every(isName) : isName(value));

const isName = (value: unknown) => typeof value === 'string' && value !== '';

// Loaded by those who need it: subdomains alone, or a verifier of one's own, do without.
function installedJwt(): NonNullable<ReturnType<typeof nestJwt>> {
  const jwt = nestJwt();
  if (jwt === null) {
    throw new TenancyConfigurationError(
      'fromJwt',
      'checks tokens with @nestjs/jwt, which is not installed',
      'Install it, in the major of your Nest (`npm install @nestjs/jwt@12` or `@11`), or pass a `verifier` of your own. ' +
        'Where it is installed and this is an ESM bundle, the bundler left it out: there a `verifier` is ' +
        '`(token) => jwtService.verify(token)`, with its `algorithms` pinned.',
    );
  }
  return jwt;
}

const wrongSecret = (problem: string, fix: string) => new TenancyConfigurationError('fromJwt.secret', problem, fix);

function secretKey(secret: JwtOptions['secret']): KeyObject {
  if (!secret || secret.length === 0) throw wrongSecret('is empty', 'Set the environment variable it comes from.');
  // HS/RS confusion: a public key is no secret, and whoever knows it could sign.
  if (secret.includes('-----BEGIN')) {
    throw new TenancyConfigurationError('fromJwt.secret', 'is a PEM key', 'Pass the public key as `publicKey`.');
  }
  return createSecretKey(Buffer.from(secret));
}

function publicKey(key: NonNullable<JwtOptions['publicKey']>): KeyObject {
  // As environment variables have it that are written on one line; PEM itself has no backslash.
  const given = typeof key === 'string' ? key.replaceAll(String.raw`\n`, '\n') : key;
  try {
    return given instanceof KeyObject && given.type === 'public' ? given : createPublicKey(given);
  } catch (cause) {
    const error = new TenancyConfigurationError(
      'fromJwt.publicKey',
      'is not a public key',
      'Pass an RSA or EC public key as PEM.',
    );
    throw Object.assign(error, { cause });
  }
}

function pinnedAlgorithms(key: KeyObject, asked: readonly Algorithm[] | undefined): Algorithm[] {
  const [usual, possible] = algorithmsOf(key);
  const chosen = asked ?? (usual ? [usual] : []);
  const wrong = chosen.find((algorithm) => !possible.includes(algorithm));
  if (chosen.length === 0 || wrong !== undefined) {
    throw new TenancyConfigurationError(
      'fromJwt.algorithms',
      wrong === undefined ? 'names none' : `${JSON.stringify(wrong)} does not fit the key`,
      `With this key, use ${possible.length > 0 ? possible.join(', ') : 'a `verifier` of your own'}.`,
    );
  }
  return [...chosen];
}

/** The algorithm that is meant when none is named, and those that the key can be used with. */
function algorithmsOf(key: KeyObject): [Algorithm | undefined, readonly Algorithm[]] {
  const starting = (...prefixes: string[]) => algorithms.filter((name) => prefixes.some((p) => name.startsWith(p)));
  if (key.type === 'secret') return ['HS256', starting('HS')];
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return ['RS256', starting('RS', 'PS')];
    case 'rsa-pss':
      return ['PS256', starting('PS')];
    case 'ec': {
      const curves: Record<string, Algorithm> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };
      const algorithm = curves[key.asymmetricKeyDetails?.namedCurve ?? ''];
      return [algorithm, algorithm ? [algorithm] : []];
    }
    default:
      return [undefined, []];
  }
}
