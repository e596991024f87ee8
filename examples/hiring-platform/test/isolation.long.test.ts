import { prove } from './support/prove.js';

await prove('rows');
