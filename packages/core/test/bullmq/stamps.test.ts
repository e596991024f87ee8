import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { stampedTenant } from '../../src/bullmq/job-stamp.js';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/queues.md'), 'utf8');
const secret = /with the secret `(.+?)`/.exec(page)?.[1] as string;
const vectors = [...page.matchAll(/^\| `([^`]+)` +\| `([^`]+)` +\| `([^`]+)` +\| `(v1\.[^`]+)`/gm)].map(
  ([, tenant = '', queue = '', id = '', stamp = '']) => ({ tenant, queue, id, stamp }),
);

it.each(vectors)(
  'the stamp of $id in docs/queues.md is what a worker accepts, and nothing else',
  ({ tenant, queue, id, stamp }) => {
    expect(vectors).toHaveLength(3);
    const [, scheduler] = id.split('scheduler:');
    const job = {
      id: scheduler === undefined ? id : `repeat:${scheduler}:1`,
      repeatJobKey: scheduler,
      opts: { tenancy: stamp },
    };
    expect(stampedTenant(queue, job, [secret])).toBe(tenant);
    expect(stampedTenant(`${queue}s`, job, [secret])).toBeNull();
    expect(stampedTenant(queue, { ...job, id: 'other', repeatJobKey: undefined }, [secret])).toBeNull();
    expect(stampedTenant(queue, job, ['other'.repeat(8)])).toBeNull();
  },
);
