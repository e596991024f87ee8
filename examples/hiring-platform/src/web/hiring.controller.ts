import { Body, Controller, Get, Param, ParseUUIDPipe, Post, Redirect } from '@nestjs/common';
import { TenantContext } from '@tenancy/core';
import { z } from 'zod';
import { type ApplicationChange, applicationChange } from '../applications/application.js';
import { ApplicationsService } from '../applications/applications.service.js';
import { CurrentRecruiter } from '../auth/current-recruiter.decorator.js';
import type { Recruiter } from '../auth/recruiter.js';
import { CandidatesService } from '../candidates/candidates.service.js';
import { type NewJob, newJob } from '../jobs/job.js';
import { JobsService } from '../jobs/jobs.service.js';
import { type NewNote, newNote } from '../notes/note.js';
import { NotesService } from '../notes/notes.service.js';
import { Page } from './page.decorator.js';
import { applicationPage, jobPage, jobsPage } from './views/hiring-pages.js';

const openness = z.strictObject({ open: z.enum(['yes', 'no']) });
const applicant = z.strictObject({ candidateId: z.uuid() });

/** Jobs, who applies for them, and what recruiters think of it. */
@Controller('desk')
export class HiringController {
  constructor(
    private readonly tenant: TenantContext,
    private readonly jobs: JobsService,
    private readonly candidates: CandidatesService,
    private readonly applications: ApplicationsService,
    private readonly notes: NotesService,
  ) {}

  @Page()
  @Get('jobs')
  async listJobs(): Promise<string> {
    return jobsPage(this.tenant.current(), await this.jobs.list());
  }

  @Page()
  @Post('jobs')
  @Redirect(undefined, 303)
  async addJob(@Body({ schema: newJob }) job: NewJob, @CurrentRecruiter() recruiter: Recruiter) {
    const { id } = await this.jobs.create(job, recruiter);
    return { url: `/desk/jobs/${id}` };
  }

  @Page()
  @Get('jobs/:id')
  async job(@Param('id', ParseUUIDPipe) id: string): Promise<string> {
    const [job, candidates] = await Promise.all([this.jobs.find(id), this.candidates.list()]);
    return jobPage(this.tenant.current(), job, candidates);
  }

  @Page()
  @Post('jobs/:id')
  @Redirect(undefined, 303)
  async openJob(
    @Param('id', ParseUUIDPipe) id: string,
    @Body({ schema: openness }) { open }: z.infer<typeof openness>,
    @CurrentRecruiter() recruiter: Recruiter,
  ) {
    await this.jobs.change(id, { open: open === 'yes' }, recruiter);
    return { url: `/desk/jobs/${id}` };
  }

  @Page()
  @Post('jobs/:id/applications')
  @Redirect(undefined, 303)
  async apply(
    @Param('id', ParseUUIDPipe) jobId: string,
    @Body({ schema: applicant }) { candidateId }: z.infer<typeof applicant>,
    @CurrentRecruiter() recruiter: Recruiter,
  ) {
    await this.applications.create({ jobId, candidateId }, recruiter);
    return { url: `/desk/jobs/${jobId}` };
  }

  @Page()
  @Get('applications/:id')
  async application(@Param('id', ParseUUIDPipe) id: string): Promise<string> {
    return applicationPage(this.tenant.current(), await this.applications.findWhole(id));
  }

  @Page()
  @Post('applications/:id/stage')
  @Redirect(undefined, 303)
  async move(
    @Param('id', ParseUUIDPipe) id: string,
    @Body({ schema: applicationChange }) change: ApplicationChange,
    @CurrentRecruiter() recruiter: Recruiter,
  ) {
    await this.applications.change(id, change, recruiter);
    return { url: `/desk/applications/${id}` };
  }

  @Page()
  @Post('applications/:id/notes')
  @Redirect(undefined, 303)
  async addNote(
    @Param('id', ParseUUIDPipe) id: string,
    @Body({ schema: newNote }) note: NewNote,
    @CurrentRecruiter() recruiter: Recruiter,
  ) {
    await this.notes.create(id, note, recruiter);
    return { url: `/desk/applications/${id}` };
  }
}
