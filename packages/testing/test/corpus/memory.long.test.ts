import { describeLeaks } from './describe-leaks.js';
import { memory } from './leaks/memory.js';

describeLeaks(memory);
