/** A value as it is written in TypeScript. */
export function code(value: unknown, indent = ''): string {
  if (typeof value === 'string') return `'${value.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n')}'`;
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Date) return `new Date('${value.toISOString()}')`;
  if (value instanceof Uint8Array) return `Buffer.from('${Buffer.from(value).toString('base64')}', 'base64')`;
  if (typeof value !== 'object' || value === null) return String(value);
  const isList = Array.isArray(value);
  const items = isList
    ? value.map((item) => (inner: string) => code(item, inner))
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(
          ([key, item]) =>
            (inner: string) =>
              `${/^[A-Za-z_$][\w$]*$/.test(key) ? key : code(key)}: ${code(item, inner)}`,
        );
  const [open, close] = isList ? ['[', ']'] : ['{', '}'];
  if (items.length === 0) return open + close;
  const short = items.map((item) => item(indent)).join(', ');
  const padding = isList ? '' : ' ';
  if (short.length + indent.length < 100 && !short.includes('\n')) return `${open}${padding}${short}${padding}${close}`;
  const inner = `${indent}  `;
  return `${open}\n${items.map((item) => `${inner}${item(inner)},\n`).join('')}${indent}${close}`;
}
