import { readFile } from 'node:fs/promises';
import { Controller, Get, Header, NotFoundException } from '@nestjs/common';
import { TenantContext } from '@tenancy/core';
import { type Deployment, InjectDeployment } from '../settings/settings.module.js';
import { Page } from './page.decorator.js';
import { isolationPage } from './views/isolation-page.js';

/** The report of the proof, as `pnpm isolation` has written it. Its rows are those of the proof's own database. */
@Controller('isolation')
export class IsolationController {
  constructor(
    private readonly tenant: TenantContext,
    @InjectDeployment() private readonly deployment: Deployment,
  ) {}

  @Page()
  @Get()
  async page(): Promise<string> {
    const report = await readReport('json');
    return isolationPage(this.tenant.current(), report && JSON.parse(report), this.deployment.isolation);
  }

  /**
   * It brings a policy of its own, which lets its own script and style run and nothing else. In a sandbox its script is of no origin, so
   * that it can ask for nothing with the cookie of whoever reads it.
   */
  @Page()
  @Header(
    'Content-Security-Policy',
    "sandbox allow-scripts; connect-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  )
  @Get('report')
  async report(): Promise<string> {
    const report = await readReport('html');
    if (report === null) throw new NotFoundException();
    return report;
  }
}

async function readReport(kind: 'json' | 'html'): Promise<string | null> {
  return readFile(new URL(`../../isolation-report/report.${kind}`, import.meta.url), 'utf8').catch(() => null);
}
