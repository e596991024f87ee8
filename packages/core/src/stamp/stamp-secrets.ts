import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { strongSecret } from '../resolution/hmac-secret.js';
import type { StampSecrets } from './stamp.js';

/** A secret for signing, or several while one takes the place of another: the first one signs, each of them is accepted. */
export type StampSecretOption = string | Buffer | readonly (string | Buffer)[];

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
