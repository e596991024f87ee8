/** A body as bytes, with its media type where it says one. */
export interface EncodedBody {
  readonly bytes: Buffer;
  readonly type: string | null;
}

/** JSON, unless it is something that HTTP knows by itself: a text, bytes, a form. */
export async function encodeBody(body: unknown): Promise<EncodedBody | null> {
  if (body === undefined) return null;
  if (typeof body === 'string') return { bytes: Buffer.from(body), type: 'text/plain; charset=utf-8' };
  if (body instanceof Uint8Array) return { bytes: Buffer.from(body), type: 'application/octet-stream' };
  if (body instanceof FormData || body instanceof URLSearchParams || body instanceof Blob) {
    const response = new Response(body);
    return { bytes: Buffer.from(await response.arrayBuffer()), type: response.headers.get('content-type') };
  }
  return { bytes: Buffer.from(JSON.stringify(body)), type: 'application/json' };
}

/** `?page=2&ids=1&ids=2&filter[status]=open`, as Nest's adapters read it. */
export function encodeQuery(query: Readonly<Record<string, unknown>> | undefined): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) append(parameters, name, value);
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

function append(parameters: URLSearchParams, name: string, value: unknown): void {
  if (value === undefined || value === null) return;
  if (value instanceof Date) parameters.append(name, value.toISOString());
  else if (Array.isArray(value)) for (const item of value) append(parameters, name, item);
  else if (typeof value === 'object') {
    for (const [key, inner] of Object.entries(value)) append(parameters, `${name}[${key}]`, inner);
  } else parameters.append(name, String(value));
}
