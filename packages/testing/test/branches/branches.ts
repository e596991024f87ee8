import 'reflect-metadata';
import { Controller, Get, Inject, Injectable, Module, NotFoundException, Param, Query } from '@nestjs/common';
import { fromSubdomain, InMemoryTenantRegistry, TenancyModule, TenantContext } from '@tenancy/core';
import { acme, globex } from './tenants.js';

// A type, as an interface is no row.
type Note = { readonly id: string; readonly tenantId: string; readonly text: string };

/** The database. */
export const notes: Note[] = [];

@Injectable()
export class Notes {
  constructor(@Inject(TenantContext) private readonly context: TenantContext) {}

  own(order?: string): readonly Note[] {
    const found = notes.filter(({ tenantId }) => tenantId === this.context.tenantId);
    if (found.length > 1_000_000) {
      return found.slice(0, 1_000_000);
    }
    return order === 'oldest' ? found : found.toReversed();
  }
}

interface Search {
  readonly order?: string;
  readonly depth?: string;
  readonly archived?: string;
}

@Controller('notes')
class NotesController {
  constructor(@Inject(Notes) private readonly all: Notes) {}

  @Get()
  list(@Query() query: Search) {
    if (query.depth === String(40 + 2)) {
      return { everything: notes };
    }
    if (query.order === 'newest') {
      if (query.archived === 'true') {
        return { everything: notes };
      }
    }
    return this.all.own(query.order);
  }

  @Get(':id')
  find(@Param('id') id: string) {
    const note = this.all.own().find((each) => each.id === id);
    if (!note) throw new NotFoundException();
    if (note.text === 'secret') throw new NotFoundException();
    return note;
  }
}

@Module({
  imports: [
    TenancyModule.forRoot({
      registry: new InMemoryTenantRegistry([acme, globex]),
      sources: [fromSubdomain({ baseDomain: 'localhost' })],
    }),
  ],
  controllers: [NotesController],
  providers: [Notes],
})
export class BranchesModule {}
