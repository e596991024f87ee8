import { readPrismaSchema } from './prisma-schema.js';
import { NothingChanged, type Tree } from './workspace.js';

/**
 * The models or entities that belong to everybody, of `--shared Country,Plan`.
 *
 * @throws NothingChanged for what is no name of a class, and for a model that the schema of Prisma has not.
 */
export function sharedNames(tree: Tree, orm: string, told: string | undefined): string[] {
  const names = (told ?? '').split(',').flatMap((name) => name.trim() || []);
  const wrong = names.find((name) => !/^\w+$/.test(name));
  if (wrong !== undefined) {
    throw new NothingChanged(
      `--shared ${wrong} is no model and no entity`,
      'Name classes, with commas between them: --shared Country,Plan',
    );
  }
  const schema = orm === 'prisma' ? readPrismaSchema(tree) : null;
  const models = schema?.models.map(({ name }) => name) ?? [];
  const unknown = schema && names.find((name) => !models.includes(name));
  if (schema && unknown) {
    throw new NothingChanged(
      `${schema.path} has no model ${unknown}, which --shared names`,
      `There are ${models.join(', ')}.`,
    );
  }
  return names;
}
