/**
 * What the fields of the test's supergraph are worth, whoever resolves them: the subgraphs, each its own part and with
 * what the router sends it, or one schema that holds everything. Both must come to the same answer.
 */
import { GraphQLError, type GraphQLFieldResolver } from 'graphql';
import { isRecord } from '../../request.ts';

export type Source = Readonly<Record<string, unknown>>;
type Arguments = Readonly<Record<string, unknown>>;

/** What mutations change; `whole` if one schema holds all, so that what a field requires can be computed. */
export type World = { readonly names: Map<string, string>; count: number; readonly whole: boolean };

export function newWorld(whole: boolean): World {
  return { names: new Map(), count: 1, whole };
}

type Resolve = (source: Source, given: Arguments, world: World) => unknown;

const entity = (type: string, id: string): Source => ({ __typename: type, id });
const numberIn = (source: Source): number => Number(String(source['id']).replace(/\D/g, ''));
const product = (n: number): Source => entity('Product', `p${n % 8}`);
const person = (n: number): Source => entity('Person', `u${n % 5}`);
const media = (n: number): Source =>
  n % 2 === 0 ? entity('Article', `m${n % 6}`) : entity('Video', `m${n % 6}`);
const review = (n: number): Source => entity('Review', `r${n % 10}`);
const item = (n: number): Source => entity('Item', `i${n % 6}`);
const brand = (n: number): Source => entity('Brand', `b${n % 3}`);
const list = <T>(length: number, make: (i: number) => T): T[] =>
  Array.from({ length }, (_, i) => make(i));
const count = (value: unknown): number => Math.max(0, Math.min(Number(value ?? 0), 4));

function refused(message: string, code?: string): never {
  throw new GraphQLError(message, code === undefined ? {} : { extensions: { code } });
}

/** Another field of the same entity that a field requires: sent along by the router, or computed. */
function required(source: Source, field: string, given: Arguments, world: World): unknown {
  if (world.whole) return fieldsOf('Product')?.[field]?.(source, given, world);
  if (source[field] === undefined) throw new Error(`${field} was required and not sent`);
  return source[field];
}

const amount = (value: unknown): number => (typeof value === 'number' ? value : 0);

const entityBy: Resolve = (_, { id }) => {
  const text = String(id);
  const n = Number(text.replace(/\D/g, ''));
  if (text.startsWith('p')) return product(n);
  if (text.startsWith('m')) return media(n);
  if (text.startsWith('b')) return brand(n);
  if (text.startsWith('u')) return person(n);
  return null;
};

const found: Record<string, (n: number) => Source> = {
  PRODUCT: product,
  ARTICLE: (n) => media(n * 2),
  VIDEO: (n) => media(n * 2 + 1),
  BRAND: brand,
};

const mediaFields: Record<string, Resolve> = {
  title: (source) => `title of ${String(source['id'])}`,
  sequel: (source) => (numberIn(source) < 5 ? media(numberIn(source) + 1) : null),
  words: (source) => numberIn(source) * 100,
  size: (source) =>
    source['__typename'] === 'Article' ? `${numberIn(source)} pages` : numberIn(source) * 7,
  minutes: (source) => (numberIn(source) === 3 ? null : numberIn(source) * 10),
  rating: (source) => (numberIn(source) % 4 === 0 ? null : numberIn(source) / 2),
  reviews: (source) => list(numberIn(source) % 3, (i) => review(numberIn(source) + i)),
  blurb: (source, _given, world) =>
    world.whole ? `read title of ${String(source['id'])}` : `read ${String(source['title'])}`,
};

const fields: Readonly<Record<string, Readonly<Record<string, Resolve>>>> = {
  Query: {
    products: (_, { first }) => list(count(first), product),
    product: (_, { id }) => (/^p[0-7]$/.test(String(id)) ? entity('Product', String(id)) : null),
    search: (_, { kinds }) =>
      (Array.isArray(kinds) ? kinds : []).flatMap((kind, i) => [
        found[String(kind)]?.(i) ?? null,
        null,
      ]),
    node: (source, given, world) =>
      /^[pmb]/.test(String(given['id'])) ? entityBy(source, given, world) : null,
    media: (_, { id }) => (/^m[0-5]$/.test(String(id)) ? media(Number(String(id).slice(1))) : null),
    library: () => [media(0), null, media(1), media(4)],
    matrix: () => [[product(0), null], null, [product(1), product(2), product(0)], []],
    fault: (_, { code }) =>
      code === 'NONE' ? 'fine' : refused('no', typeof code === 'string' ? code : 'FORBIDDEN'),
    zero: () => ({ count: 0, flag: false, text: '' }),
    viewer: () => ({ id: 'me', locale: 'en' }),
    warehouses: () => list(3, (i) => entity('Warehouse', `w${i + 1}`)),
    stocked: (_, { codes }) =>
      (Array.isArray(codes) ? codes : []).map((code) =>
        /^c[0-7]$/.test(String(code)) ? product(Number(String(code).slice(1))) : null,
      ),
    reviews: (_, { first }) => list(count(first), review),
    topMedia: () => list(3, media),
    person: (source, given, world) => entityBy(source, given, world),
    people: (source, { ids }, world) =>
      (Array.isArray(ids) ? ids : []).map((id) => entityBy(source, { id }, world)),
    shops: () => [entity('Shop', 's1'), entity('Shop', 's2')],
    market: () => ({
      __typename: 'Market',
      currency: 'CHF',
      stands: [[item(0), null], [item(1)]],
      shelf: shelf(2),
    }),
  },
  Mutation: {
    rename: (_, { id, name }, world) => {
      if (!/^p[0-7]$/.test(String(id))) refused('there is no such product', 'BAD_USER_INPUT');
      world.names.set(String(id), String(name));
      return entity('Product', String(id));
    },
    count: (_, { by }, world) => (world.count = world.count * 2 + Number(by)),
    count2: (_, { by }, world) => (world.count = world.count * 3 - Number(by)),
    restock: (_, { id, by }) =>
      Number(by) > 3 ? null : entity('Product', `p${String(id).length}`),
  },
  Product: {
    sku: (source) => ({ code: `c${numberIn(source)}`, region: numberIn(source) % 2 ? 'eu' : 'us' }),
    name: (source, { upper }, world) => {
      const name = world.names.get(String(source['id'])) ?? `product ${String(source['id'])}`;
      return upper === true ? name.toUpperCase() : name;
    },
    price: (source, { currency = 'USD' }) =>
      numberIn(source) === 5 ? null : numberIn(source) * (currency === 'USD' ? 1.5 : 2),
    weight: (source, { unit }) => numberIn(source) * (unit === 'KG' ? 1 : 2.2),
    dimensions: (source) =>
      numberIn(source) === 6
        ? null
        : { length: numberIn(source), height: numberIn(source) % 3 === 2 ? null : 2 },
    related: (source, { first }) =>
      list(count(first), (i) => (i === 1 ? null : product(numberIn(source) + i + 1))),
    brand: (source) => brand(numberIn(source)),
    flaky: (source) => {
      if (numberIn(source) % 3 === 1) throw new Error('at a secret place');
      return 'stable';
    },
    denied: (source) =>
      numberIn(source) % 2 === 1 ? refused(`not ${String(source['id'])}`, 'FORBIDDEN') : 'allowed',
    strict: (source) => strict(numberIn(source), 0),
    tags: (source) => [['a', 'b'], [], null, ['"q"\n\u2028']][numberIn(source) % 4],
    numbers: (source) => [[1, null], null, [numberIn(source)]],
    stock: (source, { warehouse }) => numberIn(source) * 10 + String(warehouse).length,
    inStock: (source) => numberIn(source) > 1,
    shippingKg: (source, _given, world) => {
      const price = required(source, 'price', { currency: 'USD' }, world);
      if (price === null) return null;
      return amount(required(source, 'weight', { unit: 'KG' }, world)) + amount(price) / 4;
    },
    shippingLb: (source, { express }, world) => {
      const weight = amount(required(source, 'weight', { unit: 'LB' }, world));
      return (
        weight * (express === true ? 2 : 1) +
        amount(required(source, 'price', { currency: 'EUR' }, world))
      );
    },
    volume: (source, _given, world) => {
      const dimensions = required(source, 'dimensions', {}, world);
      return isRecord(dimensions)
        ? amount(dimensions['length']) * 10 + amount(dimensions['height'])
        : -1;
    },
    label: (source, _given, world) => {
      const sku = required(source, 'sku', {}, world);
      return isRecord(sku) ? `${String(sku['code'])}/${String(sku['region'])}` : null;
    },
    warehouses: (source, { first }) =>
      list(Math.min(count(first), 2), (i) =>
        entity('Warehouse', `w${((numberIn(source) + i) % 3) + 1}`),
      ),
    reviews: (source, { first }) =>
      numberIn(source) === 4 ? null : list(count(first), (i) => review(numberIn(source) + i)),
    rating: (source) => numberIn(source) * 0.5,
  },
  Brand: {
    name: (source) => (source['id'] === 'b2' ? null : `brand ${String(source['id'])}`),
    products: (source) => list(2, (i) => product(numberIn(source) + i * 3)),
  },
  Dimensions: { unit: (_, { of }) => `unit ${String(of)}` },
  Media: mediaFields,
  Article: mediaFields,
  Video: mediaFields,
  Warehouse: {
    city: (source) => `city of ${String(source['id'])}`,
    stores: (source) => [product(numberIn(source)), null, product(numberIn(source) + 2)],
    manager: (source) => (source['id'] === 'w2' ? null : person(numberIn(source))),
  },
  Review: {
    stars: (source) => (numberIn(source) % 5) + 1,
    author: (source) => person(numberIn(source)),
    anonymous: (source) => (numberIn(source) % 2 === 0 ? null : person(numberIn(source) + 1)),
    product: (source) => (numberIn(source) === 3 ? null : product(numberIn(source))),
    media: (source) => (numberIn(source) % 3 === 0 ? null : media(numberIn(source))),
    about: (source) =>
      numberIn(source) % 2 === 0 ? product(numberIn(source)) : person(numberIn(source)),
  },
  Person: {
    name: (source) => `person ${String(source['id'])}`,
    email: (source) =>
      source['id'] === 'u3' ? refused('private', 'FORBIDDEN') : `${String(source['id'])}@test`,
    manager: (source) => (source['id'] === 'u0' ? null : person(numberIn(source) - 1)),
    friends: (source) => list(numberIn(source) % 3, (i) => person(numberIn(source) + i + 1)),
    home: (source) =>
      source['id'] === 'u2'
        ? null
        : {
            city: `town ${numberIn(source)}`,
            rooms: [room(numberIn(source)), room(numberIn(source) + 1)],
          },
    reviews: (source) => list(2, (i) => review(numberIn(source) * 2 + i)),
  },
  Room: { size: (source, { unit }) => Number(source['area']) * (unit === 'm2' ? 1 : 10) },
  Shop: {
    currency: (source) => (source['id'] === 's1' ? 'USD' : 'EUR'),
    open: (source) => source['id'] === 's1',
    shelf: (source) => shelf(numberIn(source)),
    items: (source) => list(3, (i) => item(numberIn(source) + i)),
    owner: (source) => person(numberIn(source)),
  },
  Item: {
    tag: (source, { currency, suffix }) =>
      `${String(source['id'])} in ${String(currency)}${typeof suffix === 'string' ? suffix : ''}`,
    parts: (source) =>
      numberIn(source) < 3 ? [item(numberIn(source) + 3), item(numberIn(source) + 4)] : null,
    barcode: (source) => `|||${String(source['id'])}`,
  },
};

function shelf(n: number): Source {
  return { items: [item(n), item(n + 1)] };
}

function room(n: number): Source {
  return { name: `room ${n}`, area: n * 3, owner: n % 2 === 0 ? null : person(n) };
}

/** Nested objects in which some place or other may not be null and is. */
function strict(n: number, depth: number): Source | null {
  if (n === 7) return null;
  const broken = n % 4 === depth;
  return {
    id: `x${n}`,
    must: broken && n % 2 === 1 ? null : 'there',
    inner: depth > 1 && broken ? null : () => strict(n, depth + 1),
    list: () => [strict(n, 3), n === 6 ? null : strict(n, 4)],
    loose: () => [strict(n + 1, 2), null, strict(n, 3)],
  };
}

function fieldsOf(type: string): Readonly<Record<string, Resolve>> | undefined {
  return fields[type];
}

/** Resolves every field of every schema; its context is the world. */
export const resolveField: GraphQLFieldResolver<unknown, World> = (source, given, world, info) => {
  const object = isRecord(source) ? source : {};
  const { name: type } = info.parentType;
  const resolve = fieldsOf(type)?.[info.fieldName];
  const own = object[info.fieldName];
  const place = type === 'Shop' || type === 'Market' ? currencyOf(object) : object['place'];
  const known = world.whole && type === 'Item' ? { ...given, currency: place } : given;
  const value = resolve ? resolve(object, known, world) : typeof own === 'function' ? own() : own;
  return world.whole && place !== undefined ? placed(value, place) : value;
};

/** What the argument of `Item.tag` is taken from: told on to everything below, where one schema holds all. */
function currencyOf(source: Source): unknown {
  return source['currency'] ?? fieldsOf('Shop')?.['currency']?.(source, {}, newWorld(true));
}

function placed(value: unknown, place: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => placed(one, place));
  return isRecord(value) ? { ...value, place } : value;
}

/** An entity by its representation. One that only names an interface is the object that it stands for. */
export function entityFor(representation: unknown): unknown {
  if (!isRecord(representation) || representation['__typename'] !== 'Media') return representation;
  return { ...representation, __typename: media(numberIn(representation))['__typename'] };
}
