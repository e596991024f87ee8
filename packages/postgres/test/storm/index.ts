export { chosen, runStorms } from './run-storms.js';
export { storms } from './storms.js';
