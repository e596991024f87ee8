import { describeLeaks } from './describe-leaks.js';
import { unattended } from './leaks/unattended.js';

describeLeaks(unattended);
