import { describe, expect, it } from 'vitest';
import { parseSchema } from './schema-text.js';

describe('parseSchema', () => {
  it('finds the fields of each model, and which are lists', () => {
    const { models } = parseSchema(`
      model Job {
        id     Int      @id @default(autoincrement())
        tags   String[] @db.VarChar(10)
        note   String?
        body   Unsupported("tsvector")?
        @@index([id, note])
      }
      view Summary { id Int @unique }
      enum Stage { APPLIED
        HIRED }
      type Address { city String }`);
    expect([...models.keys()]).toEqual(['Job', 'Summary']);
    const fields = [...(models.get('Job')?.fields ?? [])].map(([name, { type, isList, isRequired, nativeType }]) => [
      name,
      type,
      isList,
      isRequired,
      nativeType,
    ]);
    expect(fields).toEqual([
      ['id', 'Int', false, true, null],
      ['tags', 'String', true, false, 'VarChar'],
      ['note', 'String', false, false, null],
      ['body', 'Unsupported', false, true, null],
    ]);
  });

  it('finds foreign keys, whatever the order, line breaks, comments and strings around them', () => {
    const { models } = parseSchema(`
      // model Nothing { a B @relation(fields: [a], references: [a]) }
      model Candidate {
        tenantId String
        jobId    String @default("} // no comment { fields: [x] \\" ")
        /* job Job @relation(fields: [no], references: [no]) } */
        job      Job    @relation("of: [a]", references: [tenantId, id],
          fields: [
            tenantId, // the tenant
            jobId
          ], onDelete: Cascade)
      } // }
      model Job {
        tenantId   String
        id         String
        candidates Candidate[] @relation("of: [a]")
      }`);
    expect([...models.keys()]).toEqual(['Candidate', 'Job']);
    expect(models.get('Candidate')?.fields.get('job')?.foreignKey).toEqual({
      fields: ['tenantId', 'jobId'],
      references: ['tenantId', 'id'],
      onDelete: 'Cascade',
      onUpdate: null,
    });
    expect(models.get('Candidate')?.fields.get('jobId')?.foreignKey).toBeNull();
    expect(models.get('Job')?.fields.get('candidates')).toMatchObject({
      type: 'Candidate',
      isList: true,
      foreignKey: null,
    });
  });

  it('knows a schema whose database has no foreign keys', () => {
    const model = 'model A { id Int @id }';
    expect(parseSchema(`datasource db { provider = "mysql" }\n${model}`).hasForeignKeys).toBe(true);
    expect(parseSchema(`datasource db {\n relationMode = "foreignKeys"\n}\n${model}`).hasForeignKeys).toBe(true);
    expect(parseSchema(`datasource db {\n relationMode  =  "prisma" // yes\n}\n${model}`).hasForeignKeys).toBe(false);
  });
});
