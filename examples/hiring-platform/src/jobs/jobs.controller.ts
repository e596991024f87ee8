import { Body, Controller, Get, Param, ParseUUIDPipe, Patch, Post } from '@nestjs/common';
import { Public } from '../auth/public.decorator.js';
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
  create(@Body({ schema: newJob }) job: NewJob) {
    return this.jobs.create(job);
  }

  @Patch(':id')
  change(@Param('id', ParseUUIDPipe) id: string, @Body({ schema: jobChange }) change: JobChange) {
    return this.jobs.change(id, change);
  }
}
