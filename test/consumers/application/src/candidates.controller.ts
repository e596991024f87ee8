import {
  type ArgumentsHost,
  Body,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  Param,
  ParseIntPipe,
  Post,
  UseFilters,
} from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { TenantScopeError } from '@tenancy/typeorm';
import { Repository } from 'typeorm';
import { Candidate, Note, Skill } from './candidates.js';

/** Shows a test which refusal it was. */
@Catch(TenantScopeError)
class RefusalFilter implements ExceptionFilter<TenantScopeError> {
  catch({ code }: TenantScopeError, host: ArgumentsHost): void {
    host.switchToHttp().getResponse().status(409).json({ refused: code });
  }
}

@Controller('candidates')
@UseFilters(RefusalFilter)
export class CandidatesController {
  constructor(
    @InjectRepository(Candidate) private readonly candidates: Repository<Candidate>,
    @InjectRepository(Note) private readonly notes: Repository<Note>,
    @InjectRepository(Skill) private readonly skills: Repository<Skill>,
  ) {}

  @Get()
  async list() {
    const candidates = await this.candidates.find({ relations: { notes: true }, order: { id: 'ASC' } });
    return candidates.map(({ tenantId, name, notes }) => ({ tenantId, name, notes: notes.map(({ text }) => text) }));
  }

  /** No row names its tenant, here and below. */
  @Post()
  async create(@Body() { name, note }: { name: string; note: string }) {
    const candidate = await this.candidates.save(this.candidates.create({ name }));
    await this.notes.insert({ text: note, candidate: { id: candidate.id } });
    return { id: candidate.id };
  }

  @Get('skills')
  async known() {
    return { names: (await this.skills.find()).map(({ name }) => name) };
  }

  @Post('skills')
  async learn(@Body() { name }: { name: string }) {
    await this.skills.save({ name });
    return { name };
  }

  @Get('raw')
  raw(): Promise<unknown> {
    return this.candidates.query('SELECT * FROM candidate');
  }

  @Get(':id')
  async read(@Param('id', ParseIntPipe) id: number) {
    return { name: (await this.candidates.findOneBy({ id }))?.name ?? null };
  }

  @Post(':id/notes')
  async note(@Param('id', ParseIntPipe) id: number, @Body() { text }: { text: string }) {
    await this.notes.save({ text, candidate: { id } });
    return { text };
  }

  @Post(':id/rename')
  async rename(@Param('id', ParseIntPipe) id: number, @Body() { name }: { name: string }) {
    return { renamed: (await this.candidates.update({ id }, { name })).affected };
  }
}
