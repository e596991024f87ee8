import { randomUUID } from 'node:crypto';
import { CACHE_MANAGER, type Cache } from '@nestjs/cache-manager';
import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '@tenancy/core';
import { type Attempt, type Outcome } from './attempt.js';
import { OtherCompany } from './other-company.js';

@Injectable()
export class SharedCacheAttempt implements Attempt {
  readonly id = 'shared-cache';
  readonly title = 'A shared cache';
  readonly does =
    'Reads what the other company has put into the cache: under the same key, and under one that names the other.';

  constructor(
    @Inject(CACHE_MANAGER) private readonly cache: Cache,
    private readonly others: OtherCompany,
  ) {}

  async run(_own: Tenant, other: Tenant): Promise<Outcome> {
    const [key, value] = [`attempt ${randomUUID()}`, randomUUID()];
    await this.others.as(other, () => this.cache.set(key, value, 60_000));
    const keys = [key, `${other.id}/${key}`, `tenancy/t/${other.id}/${key}`, `../${other.id}/${key}`];
    const read = await Promise.all(keys.map((each) => this.cache.get(each)));
    const control = await this.others.as(other, async () => {
      const found = await this.cache.get(key);
      await this.cache.del(key);
      return found;
    });
    const foreignRows = read.filter((each) => each === value).length;
    return {
      request: `cache.get('<key>')\ncache.get('tenancy/t/<the other>/<key>'), and two more ways to write it`,
      answer: `${foreignRows} of ${keys.length} reads found what the other has put there`,
      refusedBy: foreignRows === 0 ? 'cache wall' : null,
      foreignRows,
      control: {
        says: `the other company ${control === value ? 'reads' : 'does not read'} it back`,
        holds: control === value,
      },
    };
  }
}
