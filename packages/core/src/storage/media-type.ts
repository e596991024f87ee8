import { TenancyConfigurationError } from '../errors/configuration-error.js';

const TOKEN = String.raw`[\w!#$%&'*+.^|~${'`'}-]+`;
const QUOTED = String.raw`"(?:[\t !#-[\]-~]|\\[\t -~])*"`;
/** As RFC 9110 has it, section 8.3.1: `text/plain; charset=utf-8`. */
const MEDIA_TYPE = new RegExp(String.raw`^${TOKEN}/${TOKEN}(?:[ \t]*;[ \t]*${TOKEN}=(?:${TOKEN}|${QUOTED}))*$`);

/**
 * `contentType`, where it is a media type: it becomes a header, and what ends a line there is another header.
 *
 * @param place - what it was given to, as an error names it
 * @throws `tenancy_misconfigured` for anything else.
 */
export function checkedMediaType(place: string, contentType: unknown): string {
  if (typeof contentType === 'string' && MEDIA_TYPE.test(contentType)) return contentType;
  throw new TenancyConfigurationError(
    `${place}.contentType`,
    'is no media type',
    "Pass one, such as `'application/pdf'`, or leave it out.",
  );
}
