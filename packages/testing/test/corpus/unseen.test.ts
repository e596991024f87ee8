import { describeByHand } from './describe-leaks.js';
import { bodies } from './leaks/bodies.js';
import { optionalArguments } from './leaks/optional-arguments.js';
import { optionalHeaders } from './leaks/optional-headers.js';
import { optionalInputs } from './leaks/optional-inputs.js';

for (const twins of [optionalInputs, optionalHeaders, optionalArguments, bodies]) describeByHand(twins);
