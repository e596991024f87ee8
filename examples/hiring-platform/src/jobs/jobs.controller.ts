import { Body, Controller, Get, Param, ParseUUIDPipe, Patch, Post } from '@nestjs/common';
import { CurrentRecruiter } from '../auth/current-recruiter.decorator.js';
import { Public } from '../auth/public.decorator.js';
import type { Recruiter } from '../auth/recruiter.js';
import { type JobChange, jobChange, type NewJob, newJob } from './job.js';
import { JobsService } from './jobs.service.js';

@Controller('jobs')
export class JobsController {
  constructor(private readonly jobs: JobsService) {}

  @Public()
  @Get()
  list() {
    return this.jobs.listOpen();
  }

  @Public()
  @Get(':id')
  find(@Param('id', ParseUUIDPipe) id: string) {
    return this.jobs.findOpen(id);
  }

  @Post()
  create(@Body({ schema: newJob }) job: NewJob, @CurrentRecruiter() recruiter: Recruiter) {
    return this.jobs.create(job, recruiter);
  }

  @Patch(':id')
  change(
    @Param('id', ParseUUIDPipe) id: string,
    @Body({ schema: jobChange }) change: JobChange,
    @CurrentRecruiter() recruiter: Recruiter,
  ) {
    return this.jobs.change(id, change, recruiter);
  }
}
