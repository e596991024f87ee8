import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { strongSecret } from '../resolution/hmac-secret.js';
import type { StampSecrets } from './stamp.js';

/** A secret for signing, or several while one takes the place of another: the first one signs, each of them is accepted. */
export type StampSecretOption = string | Buffer | readonly (string | Buffer)[];

/**
 * The secrets of the `secret` of `options`; none where it is left out, so that nothing is signed.
 *
 * @throws `tenancy_misconfigured` where it is named and undefined, as a variable is that nobody has set.
 */
export function stampSecretsOf(
  place: string,
  options: { readonly secret?: StampSecretOption | undefined },
): StampSecrets {
  if ('secret' in options && options.secret === undefined) {
    throw new TenancyConfigurationError(
      `${place}.secret`,
      'is undefined',
      'Set the variable that it comes from; to sign nothing, leave the option out.',
    );
  }
  return stampSecrets(`${place}.secret`, options.secret);
}

/**
 * The secrets of an option; none where it is left out.
 *
 * @throws `tenancy_misconfigured` for one that is empty, or has less than 32 bytes.
 */
export function stampSecrets(option: string, secret: StampSecretOption | undefined): StampSecrets {
  if (secret === undefined) return [];
  const wrong = (problem: string, fix: string) => new TenancyConfigurationError(option, problem, fix);
  const secrets = Array.isArray(secret) ? (secret as StampSecrets) : [secret as string | Buffer];
  if (secrets.length === 0) throw wrong('is an empty list', 'Pass the secret, or leave it out.');
  return secrets.map((one) => strongSecret(one, 'HS256', wrong));
}
