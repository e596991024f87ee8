import { describeLeaks } from './describe-leaks.js';
import { writes } from './leaks/writes.js';

describeLeaks(writes);
