import type { Planted, PlantedRow } from '../canaries/planted.js';

/** The first row that was planted under a name, however it is written: `jobs`, `job-offer`, `jobOffer`. */
export function rowNamed(planted: Planted, name: string): PlantedRow | undefined {
  const wanted = new Set(formsOf(name));
  for (const [resource, rows] of Object.entries(planted)) {
    if (formsOf(resource).some((form) => wanted.has(form))) return [rows].flat()[0] as PlantedRow | undefined;
  }
  return undefined;
}

/** In lower case, in singular and in plural. */
function formsOf(name: string): string[] {
  const plain = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const forms = [plain];
  if (plain.endsWith('ies')) forms.push(`${plain.slice(0, -3)}y`);
  if (plain.endsWith('es')) forms.push(plain.slice(0, -2));
  if (plain.endsWith('s')) forms.push(plain.slice(0, -1));
  return forms;
}

/** The row that a field names: `jobId`, `job_id`, `job`. Of `id`, the row of the resource that is spoken of. */
export function rowOfField(planted: Planted, field: string, resource: string | null): PlantedRow | undefined {
  if (/^(id|uuid)$/i.test(field)) return resource === null ? undefined : rowNamed(planted, resource);
  const [, name] = /^(.+?)_?(?:id|uuid)s?$/i.exec(field) ?? [];
  return name === undefined ? undefined : rowNamed(planted, name);
}

/** The value that identifies a row. */
export function idOf(row: PlantedRow | undefined): unknown {
  return row?.['id'] ?? row?.['uuid'] ?? row?.['_id'];
}

/** The name of what was planted that a compound one speaks of: `job` of `renameJobById`, `job-offers` of `open-job-offers`. */
export function resourceIn(planted: Planted, name: string): string | null {
  const words = name.match(/[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])/g) ?? [];
  for (let length = words.length; length > 0; length -= 1) {
    for (let from = words.length - length; from >= 0; from -= 1) {
      const part = words.slice(from, from + length).join('');
      if (rowNamed(planted, part)) return part;
    }
  }
  return null;
}

/** True when what was planted holds texts that begin with the word `canary`, which a search for it finds. */
export function holdsCanaries(planted: Planted): boolean {
  return Object.values(planted)
    .flat()
    .some((row) =>
      Object.values(row as PlantedRow).some((value) => typeof value === 'string' && /canary/i.test(value)),
    );
}
