import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildSchema } from 'graphql';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkCommittedManifests, faultLine, recordTypes } from './committed-manifests.ts';

const apiSdl = await readFile(new URL('../api.graphql', import.meta.url), 'utf8');
const committed = new URL('../partners/', import.meta.url);

/** The project's own API with a change, checked against the project's own partner. */
async function faultsAfter(from: string | RegExp, to: string): Promise<string[]> {
  const changed = apiSdl.replace(from, to);
  expect(changed).not.toBe(apiSdl);
  const manifests = await checkCommittedManifests(committed, buildSchema(changed));
  return manifests.flatMap(({ partner, faults }) =>
    faults.map((fault) => faultLine({ partner, ...fault })),
  );
}

test('the API serves every operation that a partner has published, as it was recorded', async () => {
  const manifests = await checkCommittedManifests(committed, buildSchema(apiSdl));
  expect(manifests.length).toBeGreaterThan(0);
  for (const { faults, types, recorded } of manifests) {
    expect(faults).toEqual([]);
    expect(types).toEqual(recorded);
  }
});

test.each([
  ['a field is renamed', /\bstatusReason:/, 'reason:', ['PlaceOrder', 'Order.statusReason']],
  [
    'a field may be null',
    /(type Order \{[\s\S]*?\n  total: )Money!/,
    '$1Money',
    ['OrderById', 'Order.total'],
  ],
  [
    'a field has another type',
    'version: Int!',
    'version: String!',
    ['PlaceOrder', 'Order.version'],
  ],
  [
    'an argument is gone',
    /orderStatusChanged\([\s\S]*?\): Order/,
    'orderStatusChanged(orderId: ID!): Order',
    ['OrderChanges', 'Subscription.orderStatusChanged(after:)'],
  ],
  [
    'an input needs one field more',
    'input AddressInput {',
    'input AddressInput { county: String!',
    ['PlaceOrder', 'AddressInput.county'],
  ],
  [
    'an input field is gone',
    /\binput MoneyInput \{[\s\S]*?\}/,
    'input MoneyInput { currencyCode: CurrencyCode! }',
    ['PlaceOrder', 'MoneyInput.amount'],
  ],
  [
    'a value of an input is gone',
    /enum PaymentChannel \{[\s\S]*?\}/,
    'enum PaymentChannel { CASH }',
    ['PlaceOrder', 'PaymentChannel.SANDBOX'],
  ],
])(
  'when %s, partner, operation and field are named',
  async (_what, from, to, [operation, field]) => {
    const lines = await faultsAfter(from, to);
    expect(lines).toContainEqual(
      expect.stringMatching(
        `^partner brightshelf, operation ${operation}, ${field?.replace(/[().]/g, '\\$&')}: `,
      ),
    );
  },
);

test.each([
  ['a field is added', 'type Product {', 'type Product { weight: Int'],
  ['a field promises more', 'statusReason: String', 'statusReason: String!'],
  ['an input takes one field more', 'input AddressInput {', 'input AddressInput { county: String'],
  ['an argument is added', 'product(', 'product(at: String'],
])('when %s, nothing is broken', async (_what, from, to) => {
  expect(await faultsAfter(from, to)).toEqual([]);
});

let folder: URL;
beforeEach(async () => {
  folder = pathToFileURL(`${await mkdtemp(join(tmpdir(), 'manifests-'))}/`);
});
afterEach(() => rm(folder, { recursive: true }));

test('what was recorded stays the promise when the schema promises more, until the operation no longer needs it', async () => {
  await writeFile(new URL('acme.json', folder), '{"a":"query A { name size }"}');
  const check = async (sdl: string) => {
    const [manifest] = await checkCommittedManifests(folder, buildSchema(`type Query { ${sdl} }`));
    if (!manifest) throw new Error('the manifest was not found');
    if (manifest.faults.length === 0) await recordTypes(folder, manifest);
    return manifest;
  };
  await check('name: String  size: Int!');
  await check('name: String!  size: Int!');
  expect((await check('name: String  size: Int!')).faults).toEqual([]);
  expect((await check('name: String  size: Int')).faults).toEqual([
    { operation: 'A', field: 'Query.size', reason: 'was Int! and is now Int' },
  ]);
  await writeFile(new URL('acme.json', folder), '{"a":"query A { name }"}');
  expect((await check('name: String  size: Int')).types).toEqual({ 'Query.name': 'String' });
});

test('a file that is no manifest is a fault of its partner', async () => {
  await writeFile(new URL('acme.json', folder), '[7]');
  const manifests = await checkCommittedManifests(folder, buildSchema('type Query { a: Int }'));
  expect(manifests).toMatchObject([{ partner: 'acme', faults: [{ operation: '(all)' }] }]);
});
