import { Body, Controller, Get, Inject, NotFoundException, Param, ParseIntPipe, Post } from '@nestjs/common';
import type { TenantPool } from '@tenancy/postgres';
import { InjectTenantPrisma, type RawSql, type TenantScopedClient } from '@tenancy/prisma';
import { Prisma, type PrismaClient } from './generated/client.js';

export const POOL = Symbol('POOL');

@Controller('offices')
export class OfficesController {
  constructor(
    @InjectTenantPrisma() private readonly prisma: TenantScopedClient<PrismaClient, RawSql>,
    @Inject(POOL) private readonly pool: TenantPool,
  ) {}

  @Get()
  async list() {
    return { offices: await this.prisma.office.findMany({ include: { rooms: true }, orderBy: { id: 'asc' } }) };
  }

  /** None of these has a `where`: the database holds them. */
  @Get('raw')
  async raw() {
    const { rows } = await this.pool.query('select city from office order by id');
    const rooms = await this.prisma.$queryRaw<{ name: string }[]>`select name from room order by id`;
    const countries = await this.prisma.country.findMany();
    return { cities: rows.map(({ city }) => city), rooms: rooms.map(({ name }) => name), countries };
  }

  @Post()
  async create(@Body() { city, room }: { city: string; room: string }) {
    const { id } = await this.prisma.office.create({ data: { city, rooms: { create: { name: room } } } });
    return { id };
  }

  @Get(':id')
  async one(@Param('id', ParseIntPipe) id: number) {
    const office = await this.prisma.office.findUnique({ where: { id } });
    if (!office) throw new NotFoundException();
    return { city: office.city };
  }

  @Post(':id/rename')
  async rename(@Param('id', ParseIntPipe) id: number, @Body() { city }: { city: string }) {
    const { count } = await this.prisma.office.updateMany({ where: { id }, data: { city } });
    const { rowCount } = await this.pool.query('update office set city = $2 where id = $1', [id, city]);
    return { renamed: [count, rowCount] };
  }

  @Post(':id/rooms')
  async addRoom(@Param('id', ParseIntPipe) officeId: number, @Body() { name }: { name: string }) {
    try {
      return { added: (await this.prisma.room.create({ data: { name, officeId } })).name };
    } catch (error) {
      if (!(error instanceof Prisma.PrismaClientKnownRequestError)) throw error;
      return { refused: error.code };
    }
  }
}
