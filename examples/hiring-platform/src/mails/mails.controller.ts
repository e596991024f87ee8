import { Controller, Get } from '@nestjs/common';
import { MailsService } from './mails.service.js';

@Controller('mails')
export class MailsController {
  constructor(private readonly mails: MailsService) {}

  @Get()
  list() {
    return this.mails.list();
  }
}
