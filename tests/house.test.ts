/** The rules of docs/architecture.md and the house's style, held over the whole tree by looking at its files. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { z } from 'zod';

const root = fileURLToPath(new URL('../', import.meta.url));
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

const sources = files.filter((file) => /\.(ts|tsx)$/.test(file) && !file.startsWith('web/'));
/** Tests, and what only tests use. */
const isTest = (file: string): boolean =>
  /\.test\.ts$|^tests\/|\/(test|testing)\/|\/(test-[a-z-]+|throwaway|breaches)\.ts$/.test(file);
const product = sources.filter((file) => !isTest(file));

type Import = { readonly from: string; readonly to: string; readonly typesOnly: boolean };
const imports = sources.flatMap(importsOf);
const between = (from: RegExp, to: RegExp): string[] =>
  imports
    .filter((one) => !isTest(one.from) && from.test(one.from) && to.test(one.to))
    .map(({ from: importer, to: imported }) => `${importer} imports ${imported}`);

test('domain code is pure: it imports domain code, plain values and types, and nothing that does anything', () => {
  const pure =
    /^(subgraphs\/[a-z]+\/domain\/|platform\/(money|card-numbers|ids)\.ts$|schema\/events\/)/;
  const offending = imports
    .filter(({ from }) => /^subgraphs\/[a-z]+\/domain\//.test(from) && !isTest(from))
    .filter(({ to, typesOnly }) => !pure.test(to) && !(typesOnly && to.startsWith('platform/')))
    // The URL functions of Node are functions of their arguments.
    .filter(({ to }) => to !== 'zod' && to !== 'node:url')
    .map(({ from, to }) => `${from} imports ${to}`);
  expect(offending).toEqual([]);
});

test('domain code asks no clock, no chance and no environment', () => {
  const doing =
    /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bperformance\.now\(|\bprocess\.|\bfetch\(/;
  const offending = product
    .filter((file) => /^subgraphs\/[a-z]+\/domain\//.test(file))
    .filter((file) => doing.test(read(file)));
  expect(offending).toEqual([]);
});

test('within a subgraph imports run one way', () => {
  // messaging/publish.ts turns domain events into integration events, and commands need it inside their transaction.
  const commands = /^subgraphs\/[a-z]+\/commands(\.ts|\/)/;
  expect(
    between(
      commands,
      /^subgraphs\/[a-z]+\/(graphql\/|messaging\/(?!publish\.ts)|service\.ts|main\.ts|config\.ts)/,
    ),
  ).toEqual([]);
  expect(between(/\/messaging\/publish\.ts$/, /\/(graphql|store)\//)).toEqual([]);
  expect(
    between(
      /^subgraphs\/[a-z]+\/store\//,
      /^subgraphs\/[a-z]+\/(commands|graphql|messaging|service\.ts|main\.ts|config\.ts)/,
    ),
  ).toEqual([]);
  expect(
    between(
      /^subgraphs\/[a-z]+\/graphql\//,
      /^subgraphs\/[a-z]+\/(messaging\/|service\.ts|main\.ts)/,
    ),
  ).toEqual([]);
  expect(
    between(
      /^subgraphs\/[a-z]+\/messaging\//,
      /^subgraphs\/[a-z]+\/(graphql\/|service\.ts|main\.ts)/,
    ),
  ).toEqual([]);
  expect(between(/./, /\/main\.ts$/)).toEqual([]);
});

test('no subgraph imports another, the router imports none, and nobody imports the router', () => {
  const crossing = imports
    .map(({ from, to }) => ({ from, to, a: subgraphOf(from), b: subgraphOf(to) }))
    .filter(
      ({ from, a, b }) =>
        b !== undefined && a !== b && (a !== undefined || from.startsWith('router/')),
    )
    .map(({ from, to }) => `${from} imports ${to}`);
  expect(crossing).toEqual([]);
  expect(between(/^(subgraphs|platform|schema|sandbox)\//, /^router\//)).toEqual([]);
});

test('platform and schema know no service, and schema knows no platform', () => {
  expect(between(/^platform\//, /^(subgraphs|router|sandbox|scripts|bench)\//)).toEqual([]);
  expect(between(/^schema\//, /^(platform|subgraphs|router|sandbox|scripts|bench)\//)).toEqual([]);
});

test('the sandbox stands by itself, and the product does without it', () => {
  expect(between(/^sandbox\//, /^(platform|schema|subgraphs|router|scripts|bench)\//)).toEqual([]);
  expect(
    between(/^(platform|schema|subgraphs|router)\//, /^(sandbox|scripts|bench|tests)\//),
  ).toEqual([]);
});

test('drizzle stays where tables and migrations are', () => {
  const elsewhere = between(
    /^(?!(?:subgraphs\/[a-z]+|router)\/store\/|platform\/(tables|migrate)\.ts)/,
    /^drizzle-/,
  );
  expect(elsewhere).toEqual([]);
});

test('GraphQL types stay out of the domain, the store and the messages', () => {
  expect(between(/\/(domain|store|messaging)\//, /^(graphql|@apollo\/.*)$|\/graphql\//)).toEqual(
    [],
  );
});

test('every file is reached from an entry point', () => {
  const scripts = [...read('package.json').matchAll(/node (\S+\.ts)/g)].map(
    ([, file]) => file ?? '',
  );
  const entries = sources.filter(
    (file) =>
      /\/main\.ts$|\.test\.ts$/.test(file) ||
      /^(codegen|vitest\.config)\.ts$|^tests\/global-setup\.ts$/.test(file) ||
      file.endsWith('/store/tables.ts') ||
      scripts.includes(file) ||
      // Programs that tests and people start by their path.
      /\bimport\.meta\.main\b/.test(read(file)) ||
      mentioned(file),
  );
  const reached = new Set(entries);
  for (const file of reached) {
    for (const { from, to } of imports) if (from === file) reached.add(to);
  }
  expect(sources.filter((file) => !reached.has(file))).toEqual([]);
  const alive = new Set(entries.filter((file) => !file.endsWith('.test.ts')));
  for (const file of alive) for (const { from, to } of imports) if (from === file) alive.add(to);
  // The state diagrams of the documentation are drawn by the tests that compare them.
  const drawn = /\/domain\/diagram\.ts$/;
  expect(product.filter((file) => !alive.has(file) && !drawn.test(file))).toEqual([]);
});

test('no test is left out or alone', () => {
  const marks = /\b(?:test|it|describe)\.(?:only|skip|todo|fails)\b/;
  const offending = sources
    .filter((file) => file.endsWith('.test.ts') && file !== 'tests/house.test.ts')
    .filter((file) => marks.test(read(file)));
  expect(offending).toEqual([]);
});

test('the linter forbids any, non-null assertions and floating promises', () => {
  const { rules } = z
    .object({ rules: z.record(z.string(), z.unknown()) })
    .parse(JSON.parse(read('.oxlintrc.json')));
  for (const rule of ['no-explicit-any', 'no-non-null-assertion', 'no-floating-promises']) {
    expect(rules).toHaveProperty([`typescript/${rule}`], 'error');
  }
  const silenced = product.filter((file) => /@ts-(ignore|nocheck|expect-error)/.test(read(file)));
  expect(silenced).toEqual([]);
});

test('files are named for what they are about, in kebab case', () => {
  const vague = /^(utils?|helpers?|common|shared|managers?|misc|index)(\.|$)|-(utils?|helpers?)\./;
  // "Process manager" is a term of the field.
  const named = sources.filter((file) => basename(file) !== 'process-manager.ts');
  expect(named.filter((file) => file.split('/').some((part) => vague.test(part)))).toEqual([]);
  const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*\.tsx?$/;
  expect(sources.filter((file) => !kebab.test(basename(file)))).toEqual([]);
});

test('a main file only starts its service', () => {
  const mains = product.filter((file) => basename(file) === 'main.ts');
  expect(mains.length).toBeGreaterThan(5);
  const long = mains.filter((file) => {
    const lines = read(file).split('\n');
    const code = lines.filter((line) => /\S/.test(line) && !/^\s*(\/\/|\/?\*)/.test(line));
    return code.length > 8;
  });
  expect(long).toEqual([]);
});

test('only main files and scripts end a process', () => {
  const ending = product
    .filter(
      (file) =>
        !/^(scripts|bench)\/|\/main\.ts$|^platform\/service\.ts$|^sandbox\/run-process\.ts$/.test(
          file,
        ),
    )
    .filter((file) => /\bprocess\.exit\(/.test(read(file)));
  expect(ending).toEqual([]);
});

test('there are at most twelve npm scripts', () => {
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(read('package.json')));
  expect(Object.keys(scripts).length).toBeLessThanOrEqual(12);
});

test.each([
  ['@apollo/gateway', '2.13.2'],
  ['@apollo/server', '5.5.0'],
  ['graphql', '16.8.1'],
  ['ws', '8.17.1'],
  ['drizzle-orm', '0.45.2'],
])('every installed %s is at least %s', (name, least) => {
  const { packages } = z
    .object({ packages: z.record(z.string(), z.object({ version: z.string().optional() })) })
    .parse(JSON.parse(read('package-lock.json')));
  const installed = Object.entries(packages).filter(([path]) =>
    path.endsWith(`node_modules/${name}`),
  );
  expect(installed.length).toBeGreaterThan(0);
  for (const [path, { version = '0' }] of installed) {
    expect(atLeast(version, least), `${path} ${version}`).toBe(true);
  }
});

test('versions compare as numbers', () => {
  expect(atLeast('8.18.0', '8.17.1')).toBe(true);
  expect(atLeast('8.9.0', '8.17.1')).toBe(false);
  expect(atLeast('10.0.0', '8.17.1')).toBe(true);
  expect(atLeast('8.17.1', '8.17.1')).toBe(true);
  expect(atLeast('8.17.1-beta.2', '8.17.1')).toBe(false);
});

test('nothing speaks of the place where it was written', () => {
  const place = new RegExp(
    // In parts, so that this file does not speak of it either.
    [
      ['/wor', 'k/'],
      ['/sha', 'red/(?!\\w+\\.ts)'],
      ['/tmp/br', 'ief'],
    ]
      .map((parts) => parts.join(''))
      .join('|'),
  );
  const texts = files.filter((file) => !/\.(csv|png|jpg|ico|woff2?|parquet)$/.test(file));
  expect(texts.filter((file) => place.test(read(file)))).toEqual([]);
});

function subgraphOf(file: string): string | undefined {
  return /^subgraphs\/([a-z]+)\//.exec(file)?.[1];
}

/** Whether the path of a file is given as a text somewhere, as for a worker or a child process. */
function mentioned(file: string): boolean {
  return sources.some(
    (other) =>
      other !== file &&
      new RegExp(`['"/]${basename(file)}['"]\\s*,\\s*import\\.meta\\.url`).test(read(other)),
  );
}

/** The imports of a file, of files in this repository as paths from its root, of packages by their names. */
function importsOf(from: string): Import[] {
  const statement =
    /^\s*(?:import|export)\s+(type\s+)?(?:[^'";]*?\bfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm;
  return [...read(from).matchAll(statement)].map(([, types, named, dynamic]) => ({
    from,
    to: located(from, named ?? dynamic ?? ''),
    typesOnly: types !== undefined,
  }));
}

function located(from: string, specifier: string): string {
  if (specifier.startsWith('.')) return normalize(join(dirname(from), specifier));
  const [, workspace, path] = /^@ordergraph\/([a-z-]+)\/(.+)$/.exec(specifier) ?? [];
  if (!workspace || !path) return specifier;
  const folder = files.includes(`subgraphs/${workspace}/package.json`)
    ? `subgraphs/${workspace}`
    : workspace;
  return `${folder}/${path}`;
}

/** Whether a version is not below another; a pre-release is below its release. */
function atLeast(version: string, least: string): boolean {
  const [numbers = '', preRelease] = version.split('-', 2);
  const a = numbers.split('.').map(Number);
  const b = least.split('.').map(Number);
  for (let i = 0; i < 3; i += 1) {
    const [x = 0, y = 0] = [a[i], b[i]];
    if (x !== y) return x > y;
  }
  return preRelease === undefined;
}
