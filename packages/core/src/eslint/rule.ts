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
}

export interface Node {
  readonly type: string;
  readonly name?: string;
  readonly value?: unknown;
  readonly parent?: Node;
  readonly source?: Node | null;
  readonly callee?: Node;
  readonly arguments?: readonly Node[];
  readonly object?: Node;
  readonly property?: Node;
  readonly imported?: Node;
  readonly local?: Node;
  readonly specifiers?: readonly Node[];
}
