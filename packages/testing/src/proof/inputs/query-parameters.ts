import { sourceWords } from '../../discovery/source-words.js';
import type { Target } from '../target/target.js';

/** Names of the query's parameters that take a text: declared, or read in the code behind the entrance. */
export function textParameters({ entrance, harness: { app } }: Target): ReadonlySet<string> {
  const declared = (entrance.route?.parameters ?? []).filter(
    ({ in: place, schema }) => place === 'query' && [undefined, 'string'].includes(schema?.type as string | undefined),
  );
  return new Set([...declared.map(({ name }) => name), ...sourceWords(app, entrance).query]);
}
