/** The part of ESLint that these rules use; ESLint itself is not a dependency. */
export interface Rule {
  readonly meta: {
    readonly type: 'problem';
    readonly docs: { readonly description: string };
    readonly schema: readonly [];
    readonly messages: Readonly<Record<string, string>>;
  };
  create(context: RuleContext): Record<string, (node: Node) => void>;
}

export interface RuleContext {
  report(problem: { node: Node; messageId: string; data?: Record<string, string> }): void;
  /** Has `getScope(node)`, which ESLint's own types do not say of it. */
  readonly sourceCode: object;
}

export interface Scope {
  readonly upper: Scope | null;
  readonly set: ReadonlyMap<string, { readonly defs: readonly Definition[] }>;
}

/** The declaration of a name: `node` is the specifier of an import, the declarator of a variable, … */
export interface Definition {
  readonly type: string;
  readonly name: Node;
  readonly node: Node;
  readonly parent?: Node | null;
}

export interface Node {
  readonly type: string;
  readonly name?: string;
  readonly value?: unknown;
  readonly parent?: Node;
  readonly source?: Node | null;
  readonly callee?: Node;
  readonly arguments?: readonly Node[];
  readonly argument?: Node;
  readonly object?: Node;
  readonly property?: Node;
  readonly computed?: boolean;
  readonly imported?: Node;
  readonly id?: Node;
  readonly init?: Node | null;
  readonly key?: Node;
  readonly properties?: readonly Node[];
  readonly quasis?: readonly Node[];
  readonly operator?: string;
  readonly left?: Node;
  readonly right?: Node;
  /** Of TypeScript's `import a = require('…')`. */
  readonly moduleReference?: Node;
  readonly expression?: Node;
}
