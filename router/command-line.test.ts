import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError, readConfig } from '@ordergraph/platform/config.ts';
import { expect, test } from 'vitest';
import { routerCommand } from './command-line.ts';

async function file(content: string): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'router-config-')), 'router.json');
  await writeFile(path, content);
  return path;
}

function configured(args: readonly string[], variables: Record<string, string> = {}) {
  const { definition, environment } = routerCommand(args, variables);
  return readConfig(definition.configuration, environment);
}

function faultsOf(
  args: readonly string[],
  variables: Record<string, string> = {},
): readonly string[] {
  try {
    configured(args, variables);
    return [];
  } catch (error) {
    return error instanceof ConfigurationError ? error.faults : [String(error)];
  }
}

test('the command line comes before the environment, and that before the file', async () => {
  const config = await file(
    JSON.stringify({
      supergraphFile: '/file.graphql',
      port: 4100,
      host: '127.0.0.2',
      introspection: true,
      allowedOrigins: ['https://a.test', 'https://b.test'],
      subgraphUrls: { a: 'http://127.0.0.1:1/graphql' },
    }),
  );
  expect(configured(['--config', config])).toMatchObject({
    SUPERGRAPH_FILE: '/file.graphql',
    PORT: 4100,
    INTROSPECTION: true,
    ALLOWED_ORIGINS: ['https://a.test', 'https://b.test'],
    SUBGRAPH_URLS: { a: 'http://127.0.0.1:1/graphql' },
  });
  const variables = { PORT: '4200', SUPERGRAPH_FILE: '/environment.graphql' };
  expect(
    configured(['--config', config, '--supergraph', '/line.graphql'], variables),
  ).toMatchObject({
    SUPERGRAPH_FILE: '/line.graphql',
    PORT: 4200,
    HOST: '127.0.0.2',
  });
});

test('the environment alone is enough', () => {
  const variables = { SUPERGRAPH_FILE: '/any.graphql', PORT: '4001' };
  expect(configured([], variables)).toMatchObject({ SUPERGRAPH_FILE: '/any.graphql', PORT: 4001 });
});

test('faults of the command line, the file and the variables are told together', async () => {
  const config = await file('{ "prot": 1, "port": "many" }');
  const faults = faultsOf(['--config', config], { NODE_ENV: 'rubbish' });
  expect(faults).toHaveLength(3);
  expect(faults.join('\n')).toMatch(/"prot"/);
  expect(faults.join('\n')).toMatch(/^PORT: /m);
  expect(faults.join('\n')).toMatch(/^NODE_ENV: /m);
});

test.each([
  ['an option that is not known', ['--port', '1'], /command line/],
  ['a word of its own', ['serve'], /command line/],
  ['an option without its value', ['--config'], /command line/],
  ['a file that is not there', ['--config', '/nowhere/router.json'], /cannot be read/],
])('%s is told', (_, args, message) => {
  const faults = faultsOf(args);
  expect(faults).toHaveLength(1);
  expect(faults[0]).toMatch(message);
});

test('a file that is no JSON object is told', async () => {
  expect(faultsOf(['--config', await file('[1]')])[0]).toMatch(/JSON object/);
  expect(faultsOf(['--config', await file('{')])[0]).toMatch(/JSON object/);
});
