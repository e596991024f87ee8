/** A connection string with a password: everything between the user and the last `@` before a space. */
const IN_URL = /([a-z][\w+.-]*:\/\/[^\s:/@]*:)\S+@/gi;
/** The same of a parameter, and of the older form of a connection string. */
const AS_PARAMETER = /\b((?:password|sslpassword)=)(?:'[^']*'|[^\s&'"]+)/gi;

/** A text without the passwords of the connection strings in it. */
export function hidePasswords(text: string): string {
  return text.replace(IN_URL, '$1***@').replace(AS_PARAMETER, '$1***');
}
