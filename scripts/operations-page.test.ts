/** docs/operations.md, held against the configurations that it describes. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { analyticsConfiguration } from '@ordergraph/analytics/config.ts';
import { inventoryConfiguration } from '@ordergraph/inventory/config.ts';
import { notificationConfiguration } from '@ordergraph/notification/config.ts';
import { orderConfiguration } from '@ordergraph/order/config.ts';
import { paymentConfiguration } from '@ordergraph/payment/config.ts';
import { subgraphVariables } from '@ordergraph/platform/config.ts';
import { routerConfiguration } from '@ordergraph/router/config.ts';
import { expect, test } from 'vitest';
import type { z } from 'zod';

const page = readFileSync(new URL('../docs/operations.md', import.meta.url), 'utf8');

type Shape = Readonly<Record<string, z.ZodType>>;

/** What the tables say, by section. */
const sections: readonly (readonly [string, Shape])[] = [
  ['Every subgraph', subgraphVariables],
  ['order', without(orderConfiguration.shape)],
  ['inventory', without(inventoryConfiguration.shape)],
  ['payment', without(paymentConfiguration.shape)],
  ['notification', without(notificationConfiguration.shape)],
  ['analytics', without(analyticsConfiguration.shape)],
  ['router', routerConfiguration.shape],
];

/** A subgraph's variables but for those that every subgraph has. */
function without(shape: Shape): Shape {
  const general = [...Object.keys(subgraphVariables), 'NATS_PREFIX'];
  return Object.fromEntries(Object.entries(shape).filter(([name]) => !general.includes(name)));
}

/** Default by variable, as the table of a section has it. */
function documented(section: string): Map<string, string> {
  const [, text = ''] = page.split(`\n### ${section}\n`);
  const [table = ''] = text.split('\n#');
  const rows = table.matchAll(/^\| `([A-Z_]+)` \| (.*?) ?\|/gm);
  return new Map([...rows].map(([, name = '', value = '']) => [name, value.replaceAll('`', '')]));
}

/** A variable's default where it is a plain value; `–` if it must be given. */
function plainDefault(schema: z.ZodType): string | undefined {
  const { success, data } = schema.safeParse(undefined);
  if (!success) return '–';
  return ['number', 'boolean', 'string'].includes(typeof data) ? String(data) : undefined;
}

test.each(sections)('every variable of "%s" is in its table', (section, shape) => {
  const missing = Object.keys(shape).filter((name) => !documented(section).has(name));
  expect(missing).toEqual([]);
});

test.each(sections)('the defaults in the table of "%s" are those of the code', (section, shape) => {
  const table = documented(section);
  const wrong = Object.entries(shape)
    // The page says where the file lies, the code from which folder.
    .filter(([name]) => name !== 'SUPERGRAPH_FILE')
    .map(([name, schema]) => [name, table.get(name), plainDefault(schema)] as const)
    .filter(([, said, actual]) => actual !== undefined && said !== actual);
  expect(wrong).toEqual([]);
});

test('the tables name no variable that nothing reads', () => {
  const unknown = sections.flatMap(([section, shape]) =>
    [...documented(section).keys()].filter(
      (name) => !Object.hasOwn(shape, name) && name !== 'NATS_PREFIX',
    ),
  );
  expect(unknown).toEqual([]);
});

/** Names of metrics that the files of a folder define. */
function metricsIn(folder: string): string[] {
  const root = fileURLToPath(new URL(`../${folder}/`, import.meta.url));
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => /^(?!.*node_modules).*(?<!\.test)\.ts$/.test(file))
    .flatMap((file) =>
      [
        ...readFileSync(`${root}${file}`, 'utf8').matchAll(
          /\bname: '((?:router|ordergraph)_\w+)'/g,
        ),
      ].map(([, name = '']) => name),
    );
}

test.each(['router', 'platform', 'subgraphs'])('every metric of %s is on the page', (folder) => {
  const defined = metricsIn(folder);
  expect(defined.length).toBeGreaterThan(0);
  expect(defined.filter((name) => !page.includes(`\`${name}`))).toEqual([]);
});
