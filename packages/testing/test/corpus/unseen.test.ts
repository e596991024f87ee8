import { describeByHand } from './describe-leaks.js';
import { bodies } from './leaks/bodies.js';
import { existence } from './leaks/existence.js';
import { firstCaller } from './leaks/first-caller.js';
import { optionalArguments } from './leaks/optional-arguments.js';
import { optionalHeaders } from './leaks/optional-headers.js';
import { optionalInputs } from './leaks/optional-inputs.js';
import { outgoing } from './leaks/outgoing.js';

const unseen = [bodies, existence, optionalArguments, optionalHeaders, optionalInputs, outgoing, firstCaller];

for (const twins of unseen) describeByHand(twins);
