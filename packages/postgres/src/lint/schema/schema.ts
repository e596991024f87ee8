import { keyOf, type QualifiedName } from '../sql/names.js';
import { emptyTable, type Index, type Moment, type Table } from './table.js';

/** A view, and the tables that it reads. */
export interface View {
  readonly name: QualifiedName;
  readonly isMaterialized: boolean;
  readonly reads: readonly QualifiedName[];
  readonly made: Moment;
  isInvoker: boolean;
}

/** The schema that the migrations read so far have made: no more of it than the rules ask for. */
export class Schema {
  readonly tables = new Map<string, Table>();
  readonly views = new Map<string, View>();
  /** Enums by name, and when each was made. */
  readonly enums = new Map<string, Moment>();
  /** Domains by name, whether something constrains them, and when each was made. */
  readonly domains = new Map<string, { readonly isConstrained: boolean; readonly made: Moment }>();
  /** Roles that no policy holds, as the files make them. */
  readonly passingRoles = new Set<string>();
  /** Functions that were declared IMMUTABLE or STABLE. */
  readonly steadyFunctions = new Set<string>();

  /** The table of a name; one that nothing is known of where no file made it. */
  table(name: QualifiedName): Table {
    return this.tables.get(keyOf(name)) ?? emptyTable(name, BEFORE, { isKnown: false, isComplete: false });
  }

  /** The table of a name that is to be changed: it is remembered, also where no file made it. */
  remembered(name: QualifiedName): Table {
    const table = this.table(name);
    this.tables.set(keyOf(name), table);
    return table;
  }

  /** The index of a name, and its table. */
  index(name: QualifiedName): { readonly index: Index; readonly table: Table } | undefined {
    for (const table of this.tables.values()) {
      const index = table.indexes.get(name.name);
      if (index) return { index, table };
    }
    return undefined;
  }

  /** The tables that a name stands for when it is read: its own, or those below a view. */
  readBy(name: QualifiedName, seen: ReadonlySet<string> = new Set()): readonly QualifiedName[] {
    const key = keyOf(name);
    const view = this.views.get(key);
    if (!view || seen.has(key)) return [name];
    return view.reads.flatMap((each) => this.readBy(each, new Set([...seen, key])));
  }
}

/** The moment before every file. */
export const BEFORE: Moment = { file: -1, transaction: 0 };
