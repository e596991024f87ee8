import { describeByHand } from './describe-leaks.js';
import { unseen } from './unseen.js';

for (const twins of unseen) describeByHand(twins);
