import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addAdopt } from './commands/adopt.js';
import { addChange } from './commands/change.js';
import { addDoctor } from './commands/doctor.js';
import { addLint } from './commands/lint.js';
import { addMigrate } from './commands/migrate.js';
import { addMigrateDrift } from './commands/migrate-drift.js';
import { addMigrateStatus } from './commands/migrate-status.js';
import { addMigrateVerify } from './commands/migrate-verify.js';
import { addMove } from './commands/move.js';
import { addProvision } from './commands/provision.js';
import { addTenantDelete } from './commands/tenant-delete.js';
import { addTenantDomain } from './commands/tenant-domain.js';
import { addTenantExport } from './commands/tenant-export.js';
import { addTenantImport } from './commands/tenant-import.js';
import { addTenantStatus } from './commands/tenant-status.js';
import { addTenants } from './commands/tenants.js';

const FOOTER = `
Environment:
  TENANCY_DATABASE_URL  the database, in place of \`connection\` of the configuration
  TENANCY_MIGRATIONS    the migrations, in place of its \`directory\`
  TENANCY_APP_DATABASE_URL  the database as the application connects, for \`doctor\`

Exit codes: 0 done, 1 something failed and was reported, 2 wrong use, 130 interrupted twice.`;

/**
 * The command, with all commands below it.
 *
 * @param end - told the exit code of the one that ran
 */
export function buildProgram(end: (code: number) => void): Command {
  const program = new Command('tenancy')
    .description('Operates a multi-tenant PostgreSQL.')
    .version(versionOf(), '--version', 'the version')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error:/, 'wrong_use:')) })
    .showHelpAfterError('Run with --help for what there is.')
    .addHelpText('afterAll', FOOTER);
  const migrate = addMigrate(program, end).enablePositionalOptions();
  addMigrateStatus(migrate, end);
  addMigrateVerify(migrate, end);
  addMigrateDrift(migrate, end);
  addChange(program, end);
  addAdopt(program, end);
  addLint(program, end);
  addDoctor(program, end);
  addTenants(program, end);
  addProvision(program, end);
  addTenantStatus(program, end);
  addTenantDomain(program, end);
  addMove(program, end);
  addTenantExport(program, end);
  addTenantImport(program, end);
  addTenantDelete(program, end);
  return program;
}

function versionOf(): string {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
}
