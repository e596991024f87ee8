import type { Twins } from './leak.js';
import { bodies } from './leaks/bodies.js';
import { commonThings } from './leaks/common-things.js';
import { existence } from './leaks/existence.js';
import { files } from './leaks/files.js';
import { firstCaller } from './leaks/first-caller.js';
import { formats } from './leaks/formats.js';
import { graphEdges } from './leaks/graph-edges.js';
import { guards } from './leaks/guards.js';
import { helpful } from './leaks/helpful.js';
import { imports } from './leaks/imports.js';
import { keys } from './leaks/keys.js';
import { links } from './leaks/links.js';
import { optionalArguments } from './leaks/optional-arguments.js';
import { optionalHeaders } from './leaks/optional-headers.js';
import { optionalInputs } from './leaks/optional-inputs.js';
import { outgoing } from './leaks/outgoing.js';
import { packed } from './leaks/packed.js';
import { shapes } from './leaks/shapes.js';
import { situations } from './leaks/situations.js';
import { sockets } from './leaks/sockets.js';
import { steps } from './leaks/steps.js';

/** Leaks that were written by somebody who had not read the attacks. */
export const unseen: readonly Twins[] = [
  bodies,
  commonThings,
  existence,
  files,
  firstCaller,
  formats,
  graphEdges,
  guards,
  helpful,
  keys,
  links,
  optionalArguments,
  optionalHeaders,
  optionalInputs,
  outgoing,
  packed,
  shapes,
  situations,
  sockets,
  steps,
  imports,
];
