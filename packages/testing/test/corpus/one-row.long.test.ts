import { describeLeaks } from './describe-leaks.js';
import { oneRow } from './leaks/one-row.js';

describeLeaks(oneRow);
