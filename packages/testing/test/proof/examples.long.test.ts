import { BadRequestException, Body, Controller, Inject, NotFoundException, Post } from '@nestjs/common';
import { TenantContext } from '@tenancy/core';
import { describe, expect, it } from 'vitest';
import { type Examples, proveIsolation } from '../../src/index.js';
import { Jobs, start, table } from './application.js';

type Asked = { readonly kind?: string; readonly id: string };

/** Two kinds of request, of which one forgets the tenant. */
@Controller()
class ReportsController {
  constructor(@Inject(TenantContext) private readonly context: TenantContext) {}

  @Post('reports')
  report(@Body() { kind, id }: Asked) {
    const { tenantId } = this.context;
    if (kind !== 'short' && kind !== 'long') throw new BadRequestException();
    const job = table.find((each) => each.id === id && (kind === 'long' || each.tenantId === tenantId));
    if (!job) throw new NotFoundException();
    return { title: job.title };
  }
}

const asked =
  (kind: string): Extract<Examples, (...given: never) => unknown> =>
  ({ job }) => ({ body: { kind, id: job.id } });

async function proven(given: Examples) {
  await using harness = await start(Jobs, {}, [ReportsController]);
  const { entrances } = await proveIsolation(harness, { examples: { 'POST /reports': given } });
  return entrances[0];
}

describe('an entrance with several examples', () => {
  it('is attacked by each of them: what only the second reaches is found, and says by which', async () => {
    expect(await proven(asked('short'))).toMatchObject({ verdict: 'proven' });
    for (const given of [
      [asked('short'), asked('long')],
      [asked('short'), asked('short'), asked('long')],
    ]) {
      const result = await proven(given);
      expect(result?.verdict).toBe('leaks');
      const leak = result?.attacks.find(({ attack }) => attack === 'foreign-id');
      expect(leak).toMatchObject({
        verdict: 'leaks',
        evidence: { request: { body: expect.stringContaining('long') } },
      });
      expect(leak?.why).toContain(`By example ${given.length}: With the other's`);
    }
  });

  it('is proven by all of them, and unproven where one does not work', async () => {
    expect(await proven([asked('short'), asked('short')])).toMatchObject({ verdict: 'proven' });
    const result = await proven([asked('short'), asked('none')]);
    expect(result?.verdict).toBe('unproven');
    expect(result?.attacks[0]?.why).toContain("By example 2: The tenant's own request was answered with 400");
    const shown = result?.attacks.filter(({ verdict }) => verdict === 'proven').map(({ attack }) => attack);
    // Fresh applications are called by the first.
    expect(shown).toEqual(['worlds']);
  });

  it('is an error where the list is empty, or has what is no example', async () => {
    await expect(proven([])).rejects.toThrow('examples: the list of `POST /reports` is empty.');
    await expect(proven([asked('short'), JSON.parse('{"boddy":{}}')])).rejects.toThrow(/`boddy` means nothing/);
  });
});
