import { Controller } from '@nestjs/common';
import { MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { InjectTenantPrisma } from '@tenancy/prisma';
import type { TenantPrisma } from '../database/tenant-prisma.js';
import { SCREEN, type Screened, type Screening, screened } from './screening.js';

/** Looks at candidates, for the company in whose name a message was sent. */
@Controller()
export class ScreeningController {
  constructor(@InjectTenantPrisma() private readonly prisma: TenantPrisma) {}

  @MessagePattern(SCREEN)
  async screen(@Payload({ schema: screened }) { candidateId }: Screened): Promise<Screening> {
    const candidate = await this.prisma.candidate.findUnique({
      where: { id: candidateId },
      select: { name: true, _count: { select: { applications: true } } },
    });
    if (!candidate) throw new RpcException('There is no such candidate.');
    const { name, _count: count } = candidate;
    return {
      summary: `${name} has applied for ${count.applications} of your jobs`,
      missing: name.includes(' ') ? [] : ['family name'],
    };
  }
}
