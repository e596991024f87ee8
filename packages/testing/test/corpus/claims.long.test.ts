import { describeLeaks } from './describe-leaks.js';
import { claims } from './leaks/claims.js';

describeLeaks(claims);
