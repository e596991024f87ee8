import { statements } from '../rule/fix.js';
import { isDropOfTable, laterSteps } from '../rule/later-steps.js';
import type { LintRule, Place } from '../rule/rule.js';
import { severityOfOpening } from '../rule/tables.js';
import { droppedNames } from '../schema/step.js';
import { isDump } from '../sql/dump.js';
import { quoted, sqlName } from '../sql/names.js';
import { namedAt, node, nodes, text } from '../sql/nodes.js';
import { passingOptions } from '../sql/passing-options.js';

/** G1: a role that no policy holds. */
export const bypassingRole: LintRule = {
  name: 'bypassing-role',
  group: 'tenants',
  severity: 'error',
  finds:
    '`CREATE ROLE` and `ALTER ROLE` with `BYPASSRLS` or `SUPERUSER`, and `GRANT` of a role that the files give one of them, or of `postgres`',
  why: 'G1: no policy holds such a role: what connects as it reads and writes the rows of every tenant.',
  safe: '`NOBYPASSRLS NOSUPERUSER`; where the server is set up, a role that no application connects as',
  steps: {
    *CreateRoleStmt(place) {
      yield* passing(place, text(place.tree, 'role') ?? '');
      const into = nodes(place.tree, 'options').find(({ tree: option }) => text(option, 'defname') === 'addroleto');
      const given = nodes(namedAt(into?.tree, 'arg').tree, 'items').map(
        ({ tree: role }) => text(role, 'rolename') ?? '',
      );
      yield* becoming(place, given, [text(place.tree, 'role') ?? '']);
    },
    *GrantRoleStmt(place) {
      if (place.tree['is_grant'] !== true) return;
      const given = nodes(place.tree, 'granted_roles').map(({ tree: role }) => text(role, 'priv_name') ?? '');
      const to = nodes(place.tree, 'grantee_roles').map(({ tree: role }) => text(role, 'rolename') ?? 'CURRENT_USER');
      yield* becoming(place, given, to);
    },
    *AlterRoleStmt(place) {
      yield* passing(place, text(node(place.tree, 'role'), 'rolename') ?? 'CURRENT_USER');
    },
  },
};

function* passing({ tree, options }: Place, role: string) {
  const given = passingOptions(tree, true);
  if (options.strategy !== 'rows' || given.length === 0) return;
  yield {
    message: `no policy holds a role with ${given.join(' and ')}: what connects as ${role} reads and writes the rows of every tenant.`,
    fix: statements(
      `ALTER ROLE ${role === 'CURRENT_USER' ? role : quoted(role)} ${given.map((name) => `NO${name}`).join(' ')}`,
    ),
  };
}

function* becoming({ schema, options }: Place, given: readonly string[], to: readonly string[]) {
  const known = given.filter((role) => schema.passingRoles.has(role));
  // By custom the superuser.
  const passing = [...known, ...given.filter((role) => role === 'postgres' && !known.includes(role))];
  if (options.strategy !== 'rows' || passing.length === 0) return;
  const [roles, members] = [passing.map(quoted).join(', '), to.map(quoted).join(', ')];
  yield {
    ...(known.length === 0 && { severity: 'warning' as const }),
    message: `no policy holds ${roles}, and ${members} may take that role by SET ROLE: what connects as ${members} reads and writes the rows of every tenant.`,
    fix: statements(`REVOKE ${roles} FROM ${members}`),
  };
}

/** G1: an owner, whom policies hold only where they are forced, and who may take them away. */
export const changingOwner: LintRule = {
  name: 'changing-owner',
  group: 'tenants',
  severity: 'warning',
  finds: '`ALTER TABLE … OWNER TO` of a tenant table, and `REASSIGN OWNED`',
  why: 'G1: policies hold the owner only where they are forced, and the owner may switch them off, drop them and `TRUNCATE`.',
  safe: 'an owner that no application connects as',
  steps: {
    *AT_ChangeOwner(place) {
      const { table, options, step, tree, file } = place;
      // A dump says of each table whose it is, as it makes it.
      if (table.made.file === file.number && isDump(file.sql)) return;
      const severity = step.objectType === 'OBJECT_TABLE' ? severityOfOpening(table, options) : undefined;
      if (severity && ![...laterSteps(place)].some(isDropOfTable))
        yield owned(sqlName(table.name), node(tree, 'newowner'));
    },
    *ReassignOwnedStmt({ tree, options }) {
      if (options.strategy === 'rows') yield owned('every table of that role', node(tree, 'newrole'));
    },
  },
};

function owned(what: string, owner: Place['tree']) {
  const role = text(owner, 'rolename') ?? 'the current role';
  return {
    message: `${role} may switch off and drop the policies of ${what}, and is held by them only where they are forced: an application that connects as it may read and write the rows of every tenant.`,
    fix: '-- leave tables to a role that owns them and that no application connects as; grant the others what they need:\n-- GRANT SELECT, INSERT, UPDATE, DELETE ON … TO app',
  };
}

/** A schema that goes with all that is in it. */
export const droppingSchema: LintRule = {
  name: 'dropping-schema',
  group: 'tenants',
  severity: 'error',
  finds: '`DROP SCHEMA … CASCADE` of a schema that the file has not made',
  why: 'O11: every table in it goes, with the rows of every tenant, and so do columns, views and keys elsewhere that need what is in it.',
  safe: 'each table by its name, then `DROP SCHEMA` without `CASCADE`',
  steps: {
    *DropStmt({ tree, step, file, options }) {
      // With a schema for each tenant the rule `schema-statement` is about it.
      if (
        step.objectType !== 'OBJECT_SCHEMA' ||
        text(tree, 'behavior') !== 'DROP_CASCADE' ||
        options.strategy === 'schemas'
      )
        return;
      const made = file.steps.map(({ kind, tree: other }) =>
        kind === 'CreateSchemaStmt' ? text(other, 'schemaname') : undefined,
      );
      const dropped = droppedNames(tree).filter(({ name }) => !made.includes(name));
      if (dropped.length === 0) return;
      const names = dropped.map(sqlName).join(', ');
      yield {
        message: `every table of ${names} goes with the rows of every tenant, and with it whatever elsewhere needs something of it: columns, views, keys.`,
        fix: `-- drop by name what is meant, so that what else is there refuses the rest:\n${statements(`DROP SCHEMA ${names}`)}`,
      };
    },
  },
};
