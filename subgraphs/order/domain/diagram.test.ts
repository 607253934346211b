import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { orderDiagram } from './diagram.ts';

test('the README shows the diagram of the table in force', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  expect(readme).toContain(orderDiagram());
});
