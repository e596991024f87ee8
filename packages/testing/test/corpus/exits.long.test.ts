import { describeLeaks } from './describe-leaks.js';
import { exits } from './leaks/exits.js';

describeLeaks(exits);
