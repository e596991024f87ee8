import { randomUUID } from 'node:crypto';
import { Body, Controller, Inject, Injectable, Param, Post, Put, ValidationPipe } from '@nestjs/common';
import { IsEmail, IsString } from 'class-validator';
import { instead, type Twins } from '../leak.js';
import { type Row, Tables } from '../tables.js';

class CandidateBody {
  @IsString() name!: string;
  @IsEmail() email!: string;
}

class NoteByEmailBody {
  @IsEmail() email!: string;
  @IsString() body!: string;
}

/** Whoever has applied twice has one record afterwards, with all applications. */
@Injectable()
class Candidates extends Tables {
  create({ name, email }: CandidateBody): Promise<Row> {
    return this.one(
      'insert into candidate (id, tenant_id, name, email) values ($1, $2, $3, $4) returning id, name, email',
      randomUUID(),
      this.tenantId,
      name,
      email,
    );
  }

  async merge(id: string): Promise<Row> {
    const kept = await this.one(
      'select id, name, email from candidate where id = $1 and tenant_id = $2',
      id,
      this.tenantId,
    );
    await this.move(kept);
    return kept;
  }

  protected move({ id, email }: Row): Promise<Row[]> {
    return this.many(
      `update application set candidate_id = $1
       where tenant_id = $3 and candidate_id in (select id from candidate where email = $2 and tenant_id = $3)`,
      id,
      email,
      this.tenantId,
    );
  }
}

@Injectable()
class NotesByEmail extends Tables {
  async addByEmail({ email, body }: NoteByEmailBody): Promise<Row> {
    const { id, name } = await this.candidateOf(email);
    const note = await this.one(
      'insert into note (id, tenant_id, candidate_id, body) values ($1, $2, $3, $4) returning id, body',
      randomUUID(),
      this.tenantId,
      id,
      body,
    );
    return { ...note, about: name };
  }

  protected candidateOf(email: string): Promise<Row> {
    return this.one('select id, name from candidate where email = $1 and tenant_id = $2', email, this.tenantId);
  }
}

@Controller()
class AddressesController {
  constructor(
    @Inject(Candidates) private readonly candidates: Candidates,
    @Inject(NotesByEmail) private readonly notes: NotesByEmail,
  ) {}

  @Post('candidates')
  create(@Body() body: CandidateBody) {
    return this.candidates.create(body);
  }

  @Post('candidates/:id/merge')
  merge(@Param('id') id: string) {
    return this.candidates.merge(id);
  }

  @Put('notes/by-email')
  add(@Body() body: NoteByEmailBody) {
    return this.notes.addByEmail(body);
  }
}

export const addresses: Twins = {
  about: 'E-mail addresses as keys',
  correct: {
    controllers: [AddressesController],
    providers: [Candidates, NotesByEmail],
    configure: (app) => {
      app.useGlobalPipes(new ValidationPipe());
    },
  },
  examples: {
    'PUT /notes/by-email': ({ candidate }, { canary }) => ({
      body: { email: candidate.email, body: canary('note') },
    }),
  },
  leaks: [
    {
      name: 'a merge of all who have the same e-mail address, at any tenant',
      entrance: 'POST /candidates/:id/merge',
      leaky: instead(
        Candidates,
        class extends Candidates {
          protected override move({ id, email }: Row) {
            return this.many(
              `update application set candidate_id = $1
               where candidate_id in (select id from candidate where email = $2)`,
              id,
              email,
            );
          }
        },
      ),
      byHand: ({ acme, theirs, harms }) =>
        harms(async () => {
          const { body } = await acme.post('/candidates', { name: 'Ann', email: theirs.candidate.email });
          await acme.post(`/candidates/${(body as Row)['id']}/merge`);
        }),
    },
    {
      name: 'an e-mail address that names a row of any tenant',
      entrance: 'PUT /notes/by-email',
      leaky: instead(
        NotesByEmail,
        class extends NotesByEmail {
          protected override candidateOf(email: string) {
            return this.one('select id, name from candidate where email = $1', email);
          }
        },
      ),
      byHand: async ({ acme, theirs, shows }) =>
        shows((await acme.put('/notes/by-email', { email: theirs.candidate.email, body: 'Who is it?' })).body),
    },
  ],
};
