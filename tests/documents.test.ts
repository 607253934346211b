import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const markdown = (await readdir(root, { recursive: true })).filter(
  (file) => file.endsWith('.md') && !/(^|\/)(node_modules|\.)/.test(file),
);
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

test('what documents link to is there', () => {
  const dead = markdown.flatMap((file) =>
    [...read(file).matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)]
      .map(([, target = '']) => ({ file, target }))
      .filter(({ target }) => !existsSync(join(root, dirname(file), target))),
  );
  expect(dead).toEqual([]);
});

test('every test that the guarantees name exists', () => {
  const named = read('docs/guarantees.md').matchAll(/`([a-z/-]+\.(?:[a-z0-9]+\.)?test\.ts)`/g);
  const files = [...named].map(([, file = '']) => file);
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

test('a program that is to be run by hand is run with the Node that npm installed, whichever the machine has', () => {
  const byHand = markdown
    .filter((file) => !file.startsWith('bench/'))
    .flatMap((file) =>
      read(file)
        .split(/\n(?! {2})/)
        // In a container Node is the image's; what stands alone in a span names a container's command.
        .filter((command) => !/docker (run|compose)|ordergraph:local/.test(command))
        .flatMap((command) => [...command.matchAll(/(npx )?node [a-z/-]+\.ts [^`\n]+/g)])
        .filter(([, npx]) => npx === undefined)
        .map(([command]) => `${file}: ${command}`),
    );
  expect(byHand).toEqual([]);
});

test('the first commands of the README are those of package.json', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const commands = [...read('README.md').matchAll(/`npm (?:run )?([a-z-]+)/g)].map(
    ([, name = '']) => name,
  );
  expect(Object.keys(scripts)).toEqual(
    expect.arrayContaining(commands.filter((name) => name !== 'ci')),
  );
});
