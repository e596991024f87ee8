import { createHash, randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { run } from '../pnpm.ts';

/** A registry on loopback that has the packed packages and no others. */
export interface LocalRegistry {
  readonly url: string;
  stop(): Promise<void>;
}

/** Serves the packed packages as a registry does, so that a page's `npm install` lines are run as they are printed. */
export async function localRegistry(tarballs: Readonly<Record<string, string>>): Promise<LocalRegistry> {
  // npm keeps what an address has answered, and a port may come again.
  const base = `/${randomUUID()}/`;
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '').slice(base.length);
    const file = tarballs[path.replace(/\.tgz$/, '')];
    if (!request.url?.startsWith(base) || !file) {
      response.writeHead(404).end('{}');
      return;
    }
    const { port } = server.address() as AddressInfo;
    const answer = path.endsWith('.tgz')
      ? readFile(file)
      : described(file, `http://127.0.0.1:${port}${base}${path}.tgz`);
    answer.then(
      (body) => response.end(body),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${base}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The answer of a registry about a package that has one version. */
async function described(file: string, tarball: string): Promise<string> {
  const manifest = JSON.parse(await run(['tar', '-xOf', file, 'package/package.json'], '/'));
  const integrity = `sha512-${createHash('sha512')
    .update(await readFile(file))
    .digest('base64')}`;
  const { name, version } = manifest;
  return JSON.stringify({
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { ...manifest, dist: { tarball, integrity } } },
  });
}

/** Writes npm's configuration as this machine has it, with the registry of `@tenancy` in it. */
export async function npmConfiguration(file: string, registry: LocalRegistry): Promise<void> {
  const own = (await run(['npm', 'config', 'get', 'userconfig'], '/')).trim();
  const text = await readFile(own, 'utf8').catch(() => '');
  await writeFile(file, `${text}\n@tenancy:registry=${registry.url}\n`, { mode: 0o600 });
}
