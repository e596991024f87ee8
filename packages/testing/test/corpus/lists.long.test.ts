import { describeLeaks } from './describe-leaks.js';
import { lists } from './leaks/lists.js';

describeLeaks(lists);
