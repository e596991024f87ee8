import { describeByHand } from './describe-leaks.js';
import { optionalInputs } from './leaks/optional-inputs.js';

for (const twins of [optionalInputs]) describeByHand(twins);
