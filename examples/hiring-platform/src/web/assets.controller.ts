import { readFile } from 'node:fs/promises';
import { Controller, Get, Header, NotFoundException, Param, StreamableFile } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Untenanted } from '@tenancy/core';
import { Public } from '../auth/public.decorator.js';

const TYPES: Readonly<Record<string, string>> = {
  'site.css': 'text/css; charset=utf-8',
  'forms.css': 'text/css; charset=utf-8',
  'console.css': 'text/css; charset=utf-8',
  'parts.css': 'text/css; charset=utf-8',
  'live.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
};

/** Files that are the same for everybody, from a list: no path of a caller's is ever opened. */
@Untenanted()
@Public()
@ApiExcludeController()
@Controller('assets')
export class AssetsController {
  @Get(':file')
  @Header('Cache-Control', 'no-cache')
  async file(@Param('file') file: string): Promise<StreamableFile> {
    if (!Object.hasOwn(TYPES, file)) throw new NotFoundException();
    const content = await readFile(new URL(`../../assets/${file}`, import.meta.url));
    return new StreamableFile(content, { type: TYPES[file] as string });
  }
}
