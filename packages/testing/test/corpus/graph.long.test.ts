import { describeLeaks } from './describe-leaks.js';
import { graph } from './leaks/graph.js';

describeLeaks(graph);
