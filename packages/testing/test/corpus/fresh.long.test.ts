import { describeByHand } from './describe-leaks.js';
import { fresh } from './fresh.js';

for (const twins of fresh) describeByHand(twins);
