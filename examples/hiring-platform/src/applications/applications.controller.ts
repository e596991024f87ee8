import { Body, Controller, Get, Param, ParseUUIDPipe, Patch, Post } from '@nestjs/common';
import { CurrentRecruiter } from '../auth/current-recruiter.decorator.js';
import type { Recruiter } from '../auth/recruiter.js';
import { type ApplicationChange, applicationChange, type NewApplication, newApplication } from './application.js';
import { ApplicationsService } from './applications.service.js';

@Controller('applications')
export class ApplicationsController {
  constructor(private readonly applications: ApplicationsService) {}

  @Get()
  list() {
    return this.applications.list();
  }

  @Get('pipeline')
  pipeline() {
    return this.applications.pipeline();
  }

  @Get(':id')
  find(@Param('id', ParseUUIDPipe) id: string) {
    return this.applications.find(id);
  }

  @Post()
  create(@Body({ schema: newApplication }) application: NewApplication, @CurrentRecruiter() recruiter: Recruiter) {
    return this.applications.create(application, recruiter);
  }

  @Patch(':id')
  change(
    @Param('id', ParseUUIDPipe) id: string,
    @Body({ schema: applicationChange }) change: ApplicationChange,
    @CurrentRecruiter() recruiter: Recruiter,
  ) {
    return this.applications.change(id, change, recruiter);
  }
}
