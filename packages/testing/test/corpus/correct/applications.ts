import { adapters } from './adapters.js';
import { answers } from './answers.js';
import type { Application } from './application.js';
import { files } from './files.js';
import { graphql } from './graphql.js';
import { ids } from './ids.js';
import { later } from './later.js';
import { lists } from './lists.js';
import { products } from './products.js';
import { remembering } from './remembering.js';
import { shared } from './shared.js';
import { signingIn } from './signing-in.js';
import { sources } from './sources.js';
import { streams } from './streams.js';
import { writes } from './writes.js';

/** The applications that must not be accused, by what they are about. */
export const applications: Readonly<Record<string, readonly Application[]>> = {
  'Ids of rows': ids,
  'Lists, searches and counts': lists,
  Writing: writes,
  'Signing in': signingIn,
  'Whose request it is': sources,
  'What everybody shares': shared,
  Answers: answers,
  'What the application remembers': remembering,
  'Work that is done later': later,
  Files: files,
  'Streams and sockets': streams,
  GraphQL: graphql,
  'Adapters and routes': adapters,
  'Small products': products,
};
