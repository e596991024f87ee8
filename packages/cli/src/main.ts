import { CommanderError } from 'commander';
import { EXIT } from './errors/exit-code.js';
import { buildProgram } from './program.js';

// Whoever read the output may have gone (`| head`), and the work goes on.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

let code: number = EXIT.done;
try {
  await buildProgram((ended) => {
    code = ended;
  }).parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // Help and the version end in 0; what it refuses is wrong use.
  code = error.exitCode === 0 ? EXIT.done : EXIT.wrongUse;
}
for (const stream of [process.stdout, process.stderr]) await new Promise((written) => stream.write('', written));
// A configuration may have opened a pool for its registry, which would keep the process.
process.exit(code);
