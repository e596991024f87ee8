import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { esbuild } from './bundled.js';

const packageRoot = join(import.meta.dirname, '..');

/** Code that only runs where nothing has to be injected. */
const source = `
import { TenantAdmin } from './src/admin.js';
import { InMemoryTenantRegistry } from './src/index.js';

const admin = new TenantAdmin(new InMemoryTenantRegistry([{ id: 't_acme', slug: 'acme' }]), { audit: null });
admin.runAs('t_acme', { reason: 'ticket 4711' }, () => {});
`;

it('the line of an audit event is named TenantAdmin in a bundle that renames every class', async () => {
  const folder = await mkdtemp(join(packageRoot, 'node_modules', '.audit-'));
  try {
    const outfile = join(folder, 'bundle.mjs');
    await esbuild.build({
      stdin: { contents: source, resolveDir: packageRoot },
      ...{ bundle: true, minify: true, format: 'esm', platform: 'node', packages: 'external', outfile },
      tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
    });
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [outfile], { env: { NO_COLOR: '1' } });
    expect(stdout + stderr).toMatch(/WARN \[TenantAdmin\] audit .+"reason":"ticket 4711"/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
