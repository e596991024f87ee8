import { readdirSync, readFileSync } from 'node:fs';

interface Declared {
  readonly inputObjectTypes: { readonly prisma: readonly InputType[] };
  readonly outputObjectTypes: { readonly model: readonly OutputType[] };
}
export interface InputType {
  readonly name: string;
  readonly fields: readonly { readonly name: string; readonly inputTypes: readonly { readonly type: string }[] }[];
}
interface OutputType {
  readonly name: string;
  readonly fields: readonly { readonly name: string; readonly outputType: { readonly location: string } }[];
}

const generated = new URL('generated/', import.meta.url);
const declared: Declared = JSON.parse(readFileSync(new URL('types.json', generated), 'utf8'));
const MODELS = ['Country', 'Office', 'Job', 'Bag', 'Skill', 'Brief', 'Visit'];
export const inputTypes = new Map(declared.inputObjectTypes.prisma.map((type) => [type.name, type]));
const outputTypes = new Map(declared.outputObjectTypes.model.map((type) => [type.name, type]));

const COLUMN_TYPES = 'String|Int|BigInt|Float|Decimal|Bool|DateTime|Bytes|EnumLevel|Json|Uuid';
/** Of types whose keys are the names of a model's fields, and of others. */
const OF_FIELDS =
  /^(?:Create|CreateMany|Update|UpdateMany|UpdateManyMutation|\w*Where|WhereUnique|ScalarWhereWithAggregates|OrderByWith\w+|\w+OrderByAggregate|CompoundUnique)Input$/;

/** Every key of every type of an argument: `WhereInput.AND`, `Filter.contains`, `UpdateInput.<column>`, whichever the model and column. */
export function inputNames(): readonly string[] {
  const names = new Set<string>();
  for (const { name, fields } of inputTypes.values()) {
    const model = MODELS.find((each) => name.startsWith(each)) ?? '';
    const kind = kindOf(name.slice(model.length));
    const isOfFields = model !== '' && OF_FIELDS.test(kind);
    for (const field of fields) names.add(`${kind}.${isOfFields ? kindOfField(model, field.name) : field.name}`);
  }
  return [...names].sort();
}

function kindOf(name: string): string {
  return name
    .replace(/^(Create|Update)[a-z]\w*Input$/, '$1ListInput')
    .replace(/^CreateMany\w+InputEnvelope$/, 'CreateManyInputEnvelope')
    .replace(/Without[A-Z]\w*?(?=Nested|Input$)/, '')
    .replace(/^\w+CompoundUniqueInput$/, 'CompoundUniqueInput')
    .replace(/^CreateMany[A-Z]\w*Input$/, 'CreateManyInput')
    .replace('Unchecked', '')
    .replace(
      new RegExp(
        `^(?:Nested)?(?:Nullable)?(?:${COLUMN_TYPES})(?:Nullable)?(?=(?:List|WithAggregates)?Filter|FieldUpdate)`,
      ),
      '',
    );
}

function kindOfField(model: string, name: string): string {
  const field = outputTypes.get(model)?.fields.find((each) => each.name === name);
  if (field && name !== '_count') return field.outputType.location === 'outputObjectTypes' ? '<relation>' : '<column>';
  return /^[a-z]\w*_[a-z]/.test(name) ? '<key>' : name;
}

const types = readdirSync(new URL('models/', generated))
  .map((file) => readFileSync(new URL(`models/${file}`, generated), 'utf8'))
  .join('\n');

/** Every argument of every operation and of every selected relation: `findMany.take`, `include list.where`. */
export function argumentNames(operations: readonly string[]): readonly string[] {
  const names = operations.flatMap((operation) => keysOf(typeNameOf(operation)).map((key) => `${operation}.${key}`));
  for (const [kind, type] of Object.entries(SELECTED)) for (const key of keysOf(type)) names.push(`${kind}.${key}`);
  const fields = new Set(
    outputTypes
      .get('Job')
      ?.fields.map(({ name }) => name)
      .filter((name) => name !== '_count'),
  );
  for (const [kind, type] of Object.entries(CHOSEN)) {
    for (const key of keysOf(type)) if (!fields.has(key)) names.push(`${kind}.${key}`);
  }
  return [...new Set(names)].sort();
}

function typeNameOf(operation: string): string {
  return `Job${operation.replace(/^./, (first) => first.toUpperCase())}Args`;
}

const SELECTED = {
  'selected list': 'Job$ledArgs',
  'selected one': 'Job$leadArgs',
  'selected required one': 'JobDefaultArgs',
  'selected counts': 'JobCountOutputTypeDefaultArgs',
  'selected count': 'JobCountOutputTypeCountLedArgs',
};
const CHOSEN = {
  select: 'JobSelect',
  include: 'JobInclude',
  _count: 'JobCountAggregateInputType',
  _sum: 'JobSumAggregateInputType',
  _avg: 'JobAvgAggregateInputType',
  _min: 'JobMinAggregateInputType',
  _max: 'JobMaxAggregateInputType',
};

/** The keys of a type that the generated client declares. */
function keysOf(name: string): readonly string[] {
  const declaration = new RegExp(
    `^export type ${name.replace('$', '\\$')}(?:<.*>)? =([^{;]*)\\{\\n([\\s\\S]*?)\\n *\\}`,
    'm',
  ).exec(types);
  if (!declaration) throw new Error(`no type ${name}`);
  const [, base = '', body = ''] = declaration;
  const own = [...body.matchAll(/^ +(\w+)\??:/gm)].map(([, key]) => key ?? '');
  const [, of, omitted = ''] = /Omit<(\w+),([^>]*)>/.exec(base) ?? [];
  const inherited = of ? keysOf(of).filter((key) => !omitted.includes(`'${key}'`)) : [];
  return [...new Set([...own, ...inherited])].sort();
}
