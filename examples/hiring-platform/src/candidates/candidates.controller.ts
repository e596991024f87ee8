import { Body, Controller, Delete, Get, HttpCode, Param, ParseUUIDPipe, Patch, Post } from '@nestjs/common';
import { CurrentRecruiter } from '../auth/current-recruiter.decorator.js';
import type { Recruiter } from '../auth/recruiter.js';
import { type CandidateChange, candidateChange, type NewCandidate, newCandidate } from './candidate.js';
import { CandidatesService } from './candidates.service.js';

@Controller('candidates')
export class CandidatesController {
  constructor(private readonly candidates: CandidatesService) {}

  @Get()
  list() {
    return this.candidates.list();
  }

  @Get(':id')
  find(@Param('id', ParseUUIDPipe) id: string) {
    return this.candidates.find(id);
  }

  @Post()
  create(@Body({ schema: newCandidate }) candidate: NewCandidate, @CurrentRecruiter() recruiter: Recruiter) {
    return this.candidates.create(candidate, recruiter);
  }

  @Patch(':id')
  change(
    @Param('id', ParseUUIDPipe) id: string,
    @Body({ schema: candidateChange }) change: CandidateChange,
    @CurrentRecruiter() recruiter: Recruiter,
  ) {
    return this.candidates.change(id, change, recruiter);
  }

  @Delete(':id')
  @HttpCode(204)
  forget(@Param('id', ParseUUIDPipe) id: string, @CurrentRecruiter() recruiter: Recruiter) {
    return this.candidates.forget(id, recruiter);
  }
}
