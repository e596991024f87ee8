import { type Arguments, all, at, byId, type Case, first, id, office, renamed, type Verdict } from './case.js';

const find = (is: Verdict, where: Arguments) => at(is, 'job', 'findMany', (s) => ({ where: where(s), orderBy: byId }));
const unique = (is: Verdict, where: Arguments) => at(is, 'job', 'findUnique', (s) => ({ where: where(s) }));
const order = (is: Verdict, orderBy: object) => at(is, 'job', 'findMany', () => ({ orderBy: [orderBy, byId] }));
const groups = (is: Verdict, more: object) =>
  at(is, 'job', 'groupBy', () => ({
    by: ['title', 'intMay'],
    _count: true,
    orderBy: [{ title: 'asc' }, { intMay: 'asc' }],
    ...more,
  }));
const add = (is: Verdict, data: Arguments) => at(is, 'job', 'create', (s) => ({ data: { ...id(9)(s), ...data(s) } }));
const change = (is: Verdict, data: Arguments) => at(is, 'job', 'update', (s) => ({ where: first(s), data: data(s) }));
const toVisit = (is: Verdict, job: Arguments) =>
  at(is, 'visit', 'update', (s) => ({ where: { id: `${s}-visit-1` }, data: { job: job(s) } }));

const skill = (n: number) => (slug: string) => ({ id: `${slug}-skill-${n}` });
const newJob = (slug: string) => ({ where: id(9)(slug), create: id(9)(slug) });
const inBag = (tags: object) => at('passes', 'bag', 'update', (s) => ({ where: { id: `${s}-bag-1` }, data: { tags } }));
const led = (is: Verdict, actions: Arguments) => change(is, (s) => ({ led: actions(s) }));
const lead = (is: Verdict, actions: Arguments) =>
  at(is, 'job', 'update', (s) => ({ where: id(2)(s), data: { lead: actions(s) } }));

/** Every key of every type of an argument but for filters and changes of columns, which stand in `column-options.ts`. */
export const inputCases: Readonly<Record<string, Case>> = {
  'WhereInput.<column>': find('passes', () => renamedNot()),
  'WhereInput.<relation>': find('rewritten', () => ({ lead: { title: 'job' } })),
  'WhereInput.AND': find('passes', () => ({ AND: [{ title: 'job' }, { int: 1 }] })),
  'WhereInput.OR': find('passes', () => ({ OR: [{ title: 'job' }, {}] })),
  'WhereInput.NOT': find('passes', () => ({ NOT: renamed })),
  'WhereUniqueInput.<column>': unique('passes', (s) => ({ ...first(s), title: 'job' })),
  'WhereUniqueInput.<relation>': unique('rewritten', (s) => ({ ...first(s), led: { some: {} } })),
  'WhereUniqueInput.<key>': at('passes', 'office', 'findUnique', (s) => ({ where: office(s) })),
  'WhereUniqueInput.AND': unique('passes', (s) => ({ ...first(s), AND: [{ title: 'job' }] })),
  'WhereUniqueInput.OR': unique('passes', (s) => ({ ...first(s), OR: [{ title: 'job' }] })),
  'WhereUniqueInput.NOT': unique('passes', (s) => ({ ...first(s), NOT: renamed })),
  'CompoundUniqueInput.<column>': at('passes', 'office', 'findUnique', (s) => ({
    where: { tenantId_city: { tenantId: `t_${s}`, city: 'city' } },
  })),
  'ScalarWhereInput.<column>': led('passes', () => ({ deleteMany: { title: 'job' } })),
  'ScalarWhereInput.AND': led('passes', () => ({ deleteMany: { AND: [{ title: 'job' }] } })),
  'ScalarWhereInput.OR': led('passes', () => ({ deleteMany: { OR: [{ title: 'job' }] } })),
  'ScalarWhereInput.NOT': led('passes', () => ({ deleteMany: { NOT: renamed } })),
  'ScalarWhereWithAggregatesInput.<column>': groups('passes', { having: { intMay: 1 } }),
  'ScalarWhereWithAggregatesInput.AND': groups('passes', { having: { AND: [{ intMay: 1 }] } }),
  'ScalarWhereWithAggregatesInput.OR': groups('passes', { having: { OR: [{ intMay: 1 }] } }),
  'ScalarWhereWithAggregatesInput.NOT': groups('passes', { having: { NOT: { title: 'x' } } }),
  'ListRelationFilter.some': find('rewritten', () => ({ led: { some: {} } })),
  'ListRelationFilter.none': find('rewritten', () => ({ led: { none: {} } })),
  'ListRelationFilter.every': find('rewritten', () => ({ led: { every: { title: 'job' } } })),
  'NullableScalarRelationFilter.is': find('rewritten', () => ({ lead: { is: { title: 'job' } } })),
  'NullableScalarRelationFilter.isNot': find('rewritten', () => ({ lead: { isNot: { title: 'job' } } })),
  'ScalarRelationFilter.is': at('rewritten', 'visit', 'findMany', () => ({ where: { job: { is: { title: 'job' } } } })),
  'ScalarRelationFilter.isNot': at('rewritten', 'visit', 'findMany', () => ({ where: { job: { isNot: renamed } } })),

  'OrderByWithRelationInput.<column>': order('passes', { int: 'desc' }),
  'OrderByWithRelationInput.<relation>': order('passes', { office: { city: 'desc' } }),
  'OrderByWithRelationInput._relevance': order('passes', {
    _relevance: { fields: ['title'], search: 'job', sort: 'asc' },
  }),
  'OrderByRelevanceInput.fields': order('passes', {
    _relevance: { fields: ['title', 'note'], search: 'job', sort: 'asc' },
  }),
  'OrderByRelevanceInput.search': order('passes', { _relevance: { fields: 'title', search: 'job', sort: 'asc' } }),
  'OrderByRelevanceInput.sort': order('passes', { _relevance: { fields: ['title'], search: 'job', sort: 'desc' } }),
  // Prisma takes no condition there, so rows of other tenants would be counted.
  'OrderByRelationAggregateInput._count': at('passes', 'office', 'findMany', () => ({
    orderBy: [{ jobs: { _count: 'desc' } }, byId],
  })),
  'SortOrderInput.sort': order('passes', { intMay: { sort: 'desc' } }),
  'SortOrderInput.nulls': order('passes', { intMay: { sort: 'asc', nulls: 'first' } }),
  'OrderByWithAggregationInput.<column>': groups('passes', { orderBy: [{ title: 'desc' }, { intMay: 'desc' }] }),
  ...Object.fromEntries(
    ['_count', '_sum', '_avg', '_min', '_max'].flatMap((of) => {
      const ordered = groups('passes', { orderBy: [{ [of]: { int: 'desc' } }, { intMay: 'asc' }] });
      const type = `${of.slice(1).replace(/^./, (letter) => letter.toUpperCase())}OrderByAggregateInput`;
      return [
        [`OrderByWithAggregationInput.${of}`, ordered],
        [`${type}.<column>`, ordered],
      ];
    }),
  ),

  'CreateInput.<column>': add('passes', () => ({ ...renamed, json: { a: [1] } })),
  'CreateInput.<relation>': add('passes', () => ({ visits: { create: [{ id: 'new' }] } })),
  'CreateListInput.set': at('passes', 'bag', 'create', (s) => ({ data: { id: `${s}-bag-9`, tags: { set: ['a'] } } })),
  'CreateManyInput.<column>': at('passes', 'job', 'createMany', (s) => ({
    data: [{ ...id(9)(s), title: 'new' }],
  })),
  'CreateManyInputEnvelope.data': add('rewritten', () => ({ led: { createMany: { data: [{ id: 'new' }] } } })),
  'CreateManyInputEnvelope.skipDuplicates': add('passes', () => ({
    led: { createMany: { data: [{ id: 'new' }], skipDuplicates: true } },
  })),
  'CreateNestedManyInput.create': add('rewritten', () => ({ led: { create: [{ id: 'new' }] } })),
  'CreateNestedManyInput.createMany': add('rewritten', () => ({ led: { createMany: { data: { id: 'new' } } } })),
  'CreateNestedManyInput.connect': add('rewritten', (s) => ({ skills: { connect: [skill(1)(s)] } })),
  'CreateNestedManyInput.connectOrCreate': add('rewritten', (s) => ({
    skills: { connectOrCreate: [{ where: skill(1)(s), create: { id: 'new', label: 'new' } }] },
  })),
  'CreateNestedOneInput.create': add('rewritten', () => ({ office: { create: { id: 'new', city: 'new' } } })),
  'CreateNestedOneInput.connect': add('rewritten', (s) => ({ lead: { connect: first(s) } })),
  'CreateNestedOneInput.connectOrCreate': add('rewritten', (s) => ({
    lead: { connectOrCreate: { where: first(s), create: { id: 'new' } } },
  })),
  'CreateOrConnectInput.where': add('rewritten', (s) => ({
    lead: { connectOrCreate: { where: first(s), create: { id: 'new' } } },
  })),
  'CreateOrConnectInput.create': add('rewritten', () => ({
    lead: { connectOrCreate: { where: { id: 'no' }, create: { id: 'new' } } },
  })),

  'UpdateInput.<column>': change('passes', () => ({ ...renamed, json: { a: [1] } })),
  'UpdateInput.<relation>': change('rewritten', (s) => ({ led: { update: { where: id(2)(s), data: renamed } } })),
  'UpdateListInput.set': inBag({ set: ['b'] }),
  'UpdateListInput.push': inBag({ push: ['b'] }),
  'UpdateManyMutationInput.<column>': at('passes', 'job', 'updateMany', (s) => ({ where: all(s), data: renamed })),
  'UpdateManyInput.<column>': at('passes', 'job', 'updateMany', (s) => ({ where: all(s), data: { officeId: null } })),
  'UpdateManyNestedInput.create': led('rewritten', () => ({ create: { id: 'new' } })),
  'UpdateManyNestedInput.createMany': led('rewritten', () => ({ createMany: { data: [{ id: 'new' }] } })),
  'UpdateManyNestedInput.connect': led('rewritten', (s) => ({ connect: id(3)(s) })),
  'UpdateManyNestedInput.connectOrCreate': led('rewritten', (s) => ({ connectOrCreate: newJob(s) })),
  'UpdateManyNestedInput.set': led('rewritten', (s) => ({ set: [id(3)(s)] })),
  'UpdateManyNestedInput.disconnect': led('rewritten', (s) => ({ disconnect: id(2)(s) })),
  'UpdateManyNestedInput.delete': led('rewritten', (s) => ({ delete: id(2)(s) })),
  'UpdateManyNestedInput.deleteMany': led('rewritten', () => ({ deleteMany: {} })),
  'UpdateManyNestedInput.update': led('rewritten', (s) => ({ update: [{ where: id(2)(s), data: renamed }] })),
  'UpdateManyNestedInput.updateMany': led('rewritten', () => ({ updateMany: { where: {}, data: renamed } })),
  'UpdateManyNestedInput.upsert': led('rewritten', (s) => ({
    upsert: { where: id(2)(s), create: { id: 'new' }, update: renamed },
  })),
  'UpdateWithWhereUniqueInput.where': led('rewritten', (s) => ({ update: { where: id(2)(s), data: renamed } })),
  'UpdateWithWhereUniqueInput.data': led('passes', (s) => ({ update: { where: id(2)(s), data: renamed } })),
  'UpdateManyWithWhereInput.where': led('rewritten', () => ({
    updateMany: { where: { title: 'job' }, data: renamed },
  })),
  'UpdateManyWithWhereInput.data': led('passes', () => ({ updateMany: { where: {}, data: renamed } })),
  'UpsertWithWhereUniqueInput.where': led('rewritten', (s) => ({
    upsert: { where: id(2)(s), create: { id: 'new' }, update: renamed },
  })),
  'UpsertWithWhereUniqueInput.create': led('rewritten', () => ({
    upsert: { where: { id: 'no' }, create: { id: 'new' }, update: {} },
  })),
  'UpsertWithWhereUniqueInput.update': led('passes', (s) => ({
    upsert: { where: id(2)(s), create: { id: 'new' }, update: renamed },
  })),
  'UpdateOneNestedInput.create': lead('rewritten', () => ({ create: { id: 'new' } })),
  'UpdateOneNestedInput.connect': lead('rewritten', (s) => ({ connect: id(3)(s) })),
  'UpdateOneNestedInput.connectOrCreate': lead('rewritten', (s) => ({ connectOrCreate: newJob(s) })),
  'UpdateOneNestedInput.disconnect': lead('passes', () => ({ disconnect: true })),
  'UpdateOneNestedInput.delete': at('rewritten', 'job', 'update', (s) => ({
    where: first(s),
    data: { brief: { delete: true } },
  })),
  'UpdateOneNestedInput.update': lead('rewritten', () => ({ update: renamed })),
  'UpdateOneNestedInput.upsert': lead('rewritten', () => ({ upsert: { create: { id: 'new' }, update: renamed } })),
  'UpdateOneRequiredNestedInput.create': toVisit('rewritten', () => ({ create: { id: 'new' } })),
  'UpdateOneRequiredNestedInput.connect': toVisit('rewritten', (s) => ({ connect: id(3)(s) })),
  'UpdateOneRequiredNestedInput.connectOrCreate': toVisit('rewritten', (s) => ({ connectOrCreate: newJob(s) })),
  'UpdateOneRequiredNestedInput.update': toVisit('rewritten', () => ({ update: renamed })),
  'UpdateOneRequiredNestedInput.upsert': toVisit('rewritten', () => ({
    upsert: { create: { id: 'new' }, update: renamed },
  })),
  'UpdateToOneWithWhereInput.where': lead('rewritten', () => ({ update: { where: { title: 'job' }, data: renamed } })),
  'UpdateToOneWithWhereInput.data': lead('passes', () => ({ update: { where: {}, data: renamed } })),
  'UpsertInput.where': lead('passes', () => ({
    upsert: { where: { title: 'job' }, create: { id: 'new' }, update: renamed },
  })),
  'UpsertInput.create': at('rewritten', 'job', 'update', (s) => ({
    where: id(3)(s),
    data: { brief: { upsert: { create: { id: 'new' }, update: {} } } },
  })),
  'UpsertInput.update': lead('passes', () => ({ upsert: { create: { id: 'new' }, update: renamed } })),
};
function renamedNot(): object {
  return { title: { not: 'renamed' } };
}
