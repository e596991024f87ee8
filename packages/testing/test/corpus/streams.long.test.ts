import { describeLeaks } from './describe-leaks.js';
import { streams } from './leaks/streams.js';

describeLeaks(streams);
