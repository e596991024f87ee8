/** Words that name a secret where a name ends in them: `accessToken`, `client_secret`, `X-Api-Key`. */
const SECRETS = new Set(
  [
    'password passwd passphrase passcode pwd pin otp cvv cvc secret token jwt credential authorization auth bearer',
    'cookie session sid signature sig apikey',
  ].flatMap((words) => words.split(' ')),
);
/** Two words that name one together. */
const PAIRS = /^(api|access|private|secret|signing|encryption|session)key$|^sessionid$/;

/** Words that may stand behind them: `passwordHash`, `tokens`. */
const BEHIND = new Set(['hash', 'digest', 'value', 'plain', 'salt']);

/** True for a field, a column, a header or a parameter whose value signs somebody in. Not for `tokenType`, or `secretName`. */
export function isSecretName(name: string): boolean {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  while (words.length > 1 && BEHIND.has(words.at(-1) ?? '')) words.pop();
  const last = (words.at(-1) ?? '').replace(/(?<=[^s])s$/, '');
  return SECRETS.has(last) || PAIRS.test(`${words.at(-2) ?? ''}${last}`);
}

/** The shell variable for the value that a name stands for: `ACCESS_TOKEN`. */
export function variableOf(name: string): string {
  if (/authorization$/i.test(name)) return 'TOKEN';
  if (/cookie2?$/i.test(name)) return 'COOKIE';
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toUpperCase()
    .replaceAll(/\W/g, '_')
    .replace(/^\d/, '_$&');
}

/** The mark in the place of a secret, with the variable that holds it: `‹$ACCESS_TOKEN›`. */
export const markOf = (variable: string) => `‹$${variable}›`;

/** Marks, each with its variable. */
export const MARK = /‹\$([A-Z0-9_]+)›/;
