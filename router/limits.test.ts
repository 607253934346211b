import { getIntrospectionQuery, GraphQLError } from 'graphql';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultLimits, limitsSchema, parseWithin, refuseDeepValues } from './limits.ts';

function codeFor(text: string, limits = defaultLimits): unknown {
  return codeOf(() => parseWithin(text, limits));
}

function codeOf(attempt: () => unknown): unknown {
  try {
    attempt();
    return 'ok';
  } catch (error) {
    return error instanceof GraphQLError ? error.extensions['code'] : error;
  }
}

/** Whether a document is within limits of which all are the usual ones but the given. */
function within(text: string, limits: Partial<typeof defaultLimits>): boolean {
  return codeFor(text, { ...defaultLimits, ...limits }) === 'ok';
}

/** A chain of fragments, each of which spreads the next one `times`. */
function chain(levels: number, times: number): string {
  const spread = (next: number) =>
    Array.from({ length: times }, (_, i) => `a${i}: x { ...F${next} }`).join(' ');
  const fragments = Array.from(
    { length: levels },
    (_, i) => `fragment F${i} on T { ${spread(i + 1)} }`,
  );
  return `{ ...F0 } ${fragments.join(' ')} fragment F${levels} on T { id }`;
}

const many = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => text(i)).join(' ');

test('the introspection query that tools send is within the limits', () => {
  expect(codeFor(getIntrospectionQuery({ inputValueDeprecation: true, oneOf: true }))).toBe('ok');
});

// Written out, the largest of these would keep every machine busy for longer than this test may take.
test.each([12, 20, 60, 400])(
  'a fragment bomb of %i levels is refused without being written out',
  (levels) => {
    expect(codeFor(chain(levels, 2))).toBe('QUERY_TOO_COMPLEX');
  },
);

test('fragments that do not multiply are not too complex', () => {
  expect(codeFor(chain(15, 1))).toBe('ok');
  expect(codeFor(chain(5, 3))).toBe('ok');
});

test('many uses of flat fragments are not too complex', () => {
  const uses = many(300, (i) => `o${i}: order(id: ${i}) { ...A ...B }`);
  const fragments = ['A', 'B'].map(
    (name) => `fragment ${name} on T { ${many(12, (i) => `f${i}`)} }`,
  );
  expect(codeFor(`{ ${uses} } ${fragments.join(' ')}`)).toBe('ok');
});

test('depth counts through fragments, in whatever order they are written', () => {
  const limits = { ...defaultLimits, depthMax: 5 };
  const inner = 'fragment Inner on T { c { d { e } } }';
  const shallow = `{ a { ...Inner } } ${inner}`;
  const deep = `{ a { b { x { ...Inner } } } } ${inner}`;
  const deepFirst = `${inner} { a { b { x { ...Inner } } } }`;
  expect(codeFor(shallow, limits)).toBe('ok');
  expect(codeFor(deep, limits)).toBe('QUERY_TOO_COMPLEX');
  expect(codeFor(deepFirst, limits)).toBe('QUERY_TOO_COMPLEX');
});

test('each limit is passed by one too many, and by what fragments stand for', () => {
  expect(within('{ a }', { charactersMax: 5 })).toBe(true);
  expect(within('{ aa }', { charactersMax: 5 })).toBe(false);
  expect(within('{ a b }', { tokensMax: 4 })).toBe(true);
  expect(within('{ a b c }', { tokensMax: 4 })).toBe(false);
  const twice = (body: string) => `{ x { ...F } y { ...F } } fragment F on T { ${body} }`;
  expect(within(twice('a b'), { selectionsMax: 8 })).toBe(true);
  expect(within(twice('a b c'), { selectionsMax: 8 })).toBe(false);
  expect(within(twice('c: a d: a'), { aliasesMax: 4 })).toBe(true);
  expect(within(twice('c: a d: a e: a'), { aliasesMax: 4 })).toBe(false);
  expect(within(twice('a @s b @s'), { directivesMax: 4 })).toBe(true);
  expect(within(twice('a @s b @s @s'), { directivesMax: 4 })).toBe(false);
  const root = '{ ...R c } fragment R on T { a { x y z } b }';
  expect(within(root, { rootFieldsMax: 3 })).toBe(true);
  expect(within(root, { rootFieldsMax: 2 })).toBe(false);
});

test('directives of definitions and literals of defaults count too', () => {
  expect(within('query ($a: Int @x) @y { a }', { directivesMax: 2 })).toBe(true);
  expect(within('query ($a: Int @x) @y { a }', { directivesMax: 1 })).toBe(false);
  expect(within('query ($a: A = [[[1]]]) { a }', { depthMax: 2 })).toBe(false);
  expect(within('{ a(b: {c: {d: 1}}) }', { depthMax: 2 })).toBe(true);
  expect(within('{ a(b: {c: {d: {}}}) }', { depthMax: 2 })).toBe(false);
});

test('a field repeated so often that validation would take long is refused before it', () => {
  expect(codeFor(`{ ${'a {b} '.repeat(150)} }`)).toBe('ok');
  expect(codeFor(`{ ${'a {b} '.repeat(400)} }`)).toBe('QUERY_TOO_COMPLEX');
  expect(codeFor(`{ ${'a {b {c {d}}} '.repeat(180)} }`)).toBe('QUERY_TOO_COMPLEX');
  const spread = (count: number) =>
    `{ ${many(count, (i) => `...F${i}`)} } ${many(count, (i) => `fragment F${i} on T { a${i} }`)}`;
  expect(codeFor(spread(120))).toBe('ok');
  expect(codeFor(spread(150))).toBe('QUERY_TOO_COMPLEX');
});

test('fragments in a circle are left to validation, unless they stand for too much', () => {
  expect(codeFor('{ ...A } fragment A on T { a { ...B } } fragment B on T { ...A ...A }')).toBe(
    'ok',
  );
  const names = Array.from({ length: 12 }, (_, i) => i);
  const all = names.map((i) => `a${i}: x { ...F${i} }`).join(' ');
  const knot = `{ ...F0 } ${names.map((i) => `fragment F${i} on T { ${all} }`).join(' ')}`;
  expect(codeFor(knot)).toBe('QUERY_TOO_COMPLEX');
});

test('variables are as deep as literals may be', () => {
  const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: [nested(levels - 1)] });
  expect(codeOf(() => refuseDeepValues(nested(3), { ...defaultLimits, depthMax: 6 }))).toBe('ok');
  expect(codeOf(() => refuseDeepValues(nested(3), { ...defaultLimits, depthMax: 5 }))).toBe(
    'QUERY_TOO_COMPLEX',
  );
  const bottomless: unknown = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000));
  expect(codeOf(() => refuseDeepValues(bottomless, defaultLimits))).toBe('QUERY_TOO_COMPLEX');
});

test('a syntax error is told as one, without a guess at what was meant', () => {
  expect(codeFor('{ a(')).toBe('GRAPHQL_PARSE_FAILED');
  expect(() => parseWithin("{ a(b: 'c') }", defaultLimits)).toThrow(
    /single quote character \('\)\.$/,
  );
});

test('limits that are not named keep their usual values, and unknown ones are refused', () => {
  expect(limitsSchema.parse({ depthMax: 3 })).toEqual({ ...defaultLimits, depthMax: 3 });
  expect(limitsSchema.safeParse({ depth: 3 }).success).toBe(false);
  expect(limitsSchema.safeParse({ depthMax: 0 }).success).toBe(false);
});

/** A selection set as text, and its sizes counted by writing everything out. */
type Tree = {
  readonly alias: boolean;
  readonly inner: readonly Tree[];
  readonly fragment: boolean;
};

const trees = fc.letrec<{ set: readonly Tree[]; tree: Tree }>((tie) => ({
  set: fc.array(tie('tree'), { minLength: 1, maxLength: 3, depthIdentifier: 'tree' }),
  tree: fc.record({
    alias: fc.boolean(),
    fragment: fc.boolean(),
    inner: fc.oneof({ maxDepth: 3, depthIdentifier: 'tree' }, fc.constant([]), tie('set')),
  }),
}));

test('sizes are those of the document with every fragment written out', () => {
  fc.assert(
    fc.property(trees.set, (set) => {
      const written = writer();
      const text = `{ ${written.set(set)} } ${written.fragments.join(' ')}`;
      const { selections, aliases } = counted(set);
      expect(within(text, { selectionsMax: selections })).toBe(true);
      expect(within(text, { selectionsMax: selections - 1 })).toBe(false);
      expect(within(text, { aliasesMax: aliases })).toBe(true);
      expect(within(text, { aliasesMax: aliases - 1 })).toBe(false);
    }),
    { numRuns: 200 },
  );
});

/** Writes equal sets as one fragment, so that fragments are used again and again. */
function writer() {
  const fragments: string[] = [];
  const names = new Map<string, string>();
  let aliases = 0;
  const set = (selections: readonly Tree[]): string => selections.map(selection).join(' ');
  const selection = ({ alias, inner, fragment }: Tree): string => {
    if (inner.length === 0) return alias ? `a${(aliases += 1)}: f` : `f`;
    if (!fragment) return `${alias ? `a${(aliases += 1)}: ` : ''}f { ${set(inner)} }`;
    const body = JSON.stringify(inner);
    const known = names.get(body);
    if (known) return `...${known}`;
    const name = `F${names.size}`;
    names.set(body, name);
    fragments.push(`fragment ${name} on T { ${set(inner)} }`);
    return `...${name}`;
  };
  return { set, fragments };
}

function counted(set: readonly Tree[]): { selections: number; aliases: number } {
  let selections = 0;
  let aliases = 0;
  for (const { alias, inner, fragment } of set) {
    const below = counted(inner);
    selections += 1 + below.selections;
    aliases += below.aliases + (alias && !(fragment && inner.length > 0) ? 1 : 0);
  }
  return { selections, aliases };
}
