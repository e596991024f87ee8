import { Body, Controller, Delete, Get, HttpCode, Param, ParseUUIDPipe, Post } from '@nestjs/common';
import { CurrentRecruiter } from '../auth/current-recruiter.decorator.js';
import type { Recruiter } from '../auth/recruiter.js';
import { type NewNote, newNote } from './note.js';
import { NotesService } from './notes.service.js';

@Controller()
export class NotesController {
  constructor(private readonly notes: NotesService) {}

  @Get('applications/:id/notes')
  list(@Param('id', ParseUUIDPipe) applicationId: string) {
    return this.notes.list(applicationId);
  }

  @Post('applications/:id/notes')
  create(
    @Param('id', ParseUUIDPipe) applicationId: string,
    @Body({ schema: newNote }) note: NewNote,
    @CurrentRecruiter() author: Recruiter,
  ) {
    return this.notes.create(applicationId, note, author);
  }

  @Delete('notes/:id')
  @HttpCode(204)
  delete(@Param('id', ParseUUIDPipe) id: string, @CurrentRecruiter() recruiter: Recruiter) {
    return this.notes.delete(id, recruiter);
  }
}
