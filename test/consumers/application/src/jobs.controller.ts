import { Body, Controller, Get, Post, Req } from '@nestjs/common';
import { CurrentTenant, type Tenant, TenantContext, Untenanted, verifiedPayload } from '@tenancy/core';
import { TenantAdmin } from '@tenancy/core/admin';

@Controller()
export class JobsController {
  // Injected by their types alone, as an application writes it.
  constructor(
    private readonly context: TenantContext,
    private readonly admin: TenantAdmin,
  ) {}

  @Get('jobs')
  list(@CurrentTenant() tenant: Tenant, @CurrentTenant('id') id: string, @Req() request: object) {
    return { tenant: tenant.slug, id, carried: this.context.tenantId, user: verifiedPayload(request)?.sub ?? null };
  }

  @Post('jobs')
  async create(@Body() body: { title: string }) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return { title: body.title, tenantId: this.context.tenantId };
  }

  @Get('as-globex')
  async asGlobex() {
    const inside = await this.admin.runAs('t_globex', { reason: 'a consumer test' }, () => this.context.tenantId);
    return { inside, after: this.context.tenantId };
  }

  @Untenanted()
  @Get('health')
  health() {
    return { active: this.context.isActive() };
  }
}
