/** docker-compose.yml and the Dockerfile, held against what the services' configurations ask for. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { analyticsConfiguration } from '@ordergraph/analytics/config.ts';
import { inventoryConfiguration } from '@ordergraph/inventory/config.ts';
import { notificationConfiguration } from '@ordergraph/notification/config.ts';
import { orderConfiguration } from '@ordergraph/order/config.ts';
import { paymentConfiguration } from '@ordergraph/payment/config.ts';
import { readConfig } from '@ordergraph/platform/config.ts';
import { routerConfiguration } from '@ordergraph/router/config.ts';
import { readConfig as readProviderConfig } from '@ordergraph/sandbox/payment-provider/config.ts';
import { readConfig as readSinkConfig } from '@ordergraph/sandbox/smtp-sink/config.ts';
import { subgraphs } from '@ordergraph/schema/subgraphs.ts';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { cacheInvalidations } from './cache-invalidations.ts';
import { composeVariables } from './compose-variables.ts';
import { routerDatabaseUrl, serviceDatabaseUrls } from './service-databases.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const read = (file: string): string => readFileSync(`${root}${file}`, 'utf8');

const configurations = {
  router: routerConfiguration,
  order: orderConfiguration,
  inventory: inventoryConfiguration,
  payment: paymentConfiguration,
  notification: notificationConfiguration,
  analytics: analyticsConfiguration,
};
const sandboxes = { 'payment-provider': readProviderConfig, 'smtp-sink': readSinkConfig };

const composeFile = z.object({
  services: z.record(
    z.string(),
    z.object({
      command: z.array(z.string()).optional(),
      environment: z.record(z.string(), z.coerce.string()).optional(),
    }),
  ),
});

const secrets = {
  internalSecret: 'internal-secret-of-the-compose-file-test',
  sandboxApiKey: 'api-key-of-the-compose-file-test',
  sandboxWebhookSecret: 'webhook-secret-of-the-compose-file-test',
};

/** The services as compose sees them with these variables. */
function servicesWith(variables: Readonly<Record<string, string>>) {
  const filled = (text: string): string =>
    text.replaceAll(
      /\$\{(\w+)(?:(:?)-([^}]*))?\}/g,
      (_all, name: string, colon: string, fallback = '') =>
        (colon === ':' ? variables[name] || undefined : variables[name]) ?? fallback,
    );
  const file: unknown = parse(read('docker-compose.yml'), { merge: true });
  const text = JSON.stringify(file, (_key, value: unknown) =>
    typeof value === 'string' ? filled(value) : value,
  );
  return composeFile.parse(JSON.parse(text)).services;
}

function environmentOf(service: string, variables: Readonly<Record<string, string>>) {
  return {
    HOST: '0.0.0.0',
    NODE_ENV: 'production',
    ...servicesWith(variables)[service]?.environment,
  };
}

function faultsOf(work: () => unknown): string {
  try {
    work();
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const services = Object.entries(configurations);

test.each(services)(
  "with an installation's .env the configuration of %s has no faults",
  (service, configuration) => {
    const environment = environmentOf(service, composeVariables(secrets));
    expect(faultsOf(() => readConfig(configuration, environment))).toBe('');
  },
);

test.each(Object.entries(sandboxes))(
  "with an installation's .env the configuration of %s has no faults",
  (service, readSandbox) => {
    const environment = environmentOf(service, composeVariables(secrets));
    expect(faultsOf(() => readSandbox(environment))).toBe('');
  },
);

test.each(services)(
  'all variables that %s is given are variables of its configuration',
  (service, configuration) => {
    const known = Object.keys(configuration.shape);
    const given = Object.keys(servicesWith({})[service]?.environment ?? {});
    expect(given.filter((name) => !known.includes(name))).toEqual([]);
  },
);

// But for the router, which serves anybody's supergraph: it waits for the provisioning, which refuses.
const withSecrets = services.filter(([service]) => service !== 'router');

test.each(withSecrets)('without .env %s has no secret to start with', (service, configuration) => {
  expect(faultsOf(() => readConfig(configuration, environmentOf(service, {})))).toContain(
    'INTERNAL_SECRET: is missing',
  );
});

test('without .env the payment provider has no secret to start with', () => {
  expect(faultsOf(() => readProviderConfig(environmentOf('payment-provider', {})))).toContain(
    'SANDBOX_API_KEY is missing',
  );
});

test('with a JWKS_URL and an empty JWKS_FILE in .env the router follows another issuer', () => {
  const issuer = 'https://issuer.shop.example';
  const environment = environmentOf('router', {
    ...composeVariables(secrets),
    JWKS_URL: `${issuer}/keys`,
    JWKS_FILE: '',
    JWT_ISSUER: issuer,
  });
  const config = readConfig(routerConfiguration, environment);
  expect(config).toMatchObject({ JWKS_URL: `${issuer}/keys`, JWT_ISSUER: issuer });
  expect(config.JWKS_FILE).toBeUndefined();
});

test('each service connects to its own database as the role that is provisioned for it', () => {
  const server = 'postgres://postgres:5432/postgres';
  const installation = { prefix: 'ordergraph', secret: secrets.internalSecret };
  const urls = {
    ...serviceDatabaseUrls(server, installation),
    router: routerDatabaseUrl(server, installation),
  };
  for (const name of [...subgraphs.map((subgraph) => subgraph.name), 'router' as const]) {
    const { DATABASE_URL } = environmentOf(name, composeVariables(secrets)) as Record<
      string,
      string
    >;
    expect(DATABASE_URL).toBe(urls[name]);
  }
});

test('the router reaches every subgraph, and webhooks their service, where it listens', () => {
  const composed = servicesWith({});
  const portOf = (name: string) => composed[name]?.environment?.['PORT'];
  const config = readConfig(
    routerConfiguration,
    environmentOf('router', composeVariables(secrets)),
  );
  expect(config.SUBGRAPH_URLS).toEqual(
    Object.fromEntries(
      subgraphs.map(({ name }) => [name, `http://${name}:${portOf(name)}/graphql`]),
    ),
  );
  expect(config.WEBHOOK_TARGETS).toEqual({
    sandbox: `http://payment:${portOf('payment')}/webhooks/sandbox`,
  });
});

test('PostgreSQL logs neither values of statements nor rows that broke a rule', () => {
  const { command = [] } = servicesWith({})['postgres'] ?? {};
  const settings = ['log_parameter_max_length=0', 'log_error_verbosity=terse'];
  const given = command.filter((_word, i) => command[i - 1] === '-c');
  expect(given).toEqual(expect.arrayContaining(settings));
});

test('the router ends what it keeps with the events that it ends it with on one machine', () => {
  const config = readConfig(
    routerConfiguration,
    environmentOf('router', composeVariables(secrets)),
  );
  expect(config.CACHE_INVALIDATIONS).toEqual(cacheInvalidations);
  const { NATS_PREFIX, NATS_URL } = environmentOf('inventory', {}) as Record<string, string>;
  expect([config.NATS_URL, config.NATS_PREFIX]).toEqual([NATS_URL, NATS_PREFIX ?? 'ordergraph']);
});

test('every program that a container runs is there', () => {
  const programs = Object.values(servicesWith({})).flatMap(({ command = [] }) =>
    command.filter((word) => word.endsWith('.ts')),
  );
  expect(programs.length).toBeGreaterThan(8);
  expect(programs.filter((file) => !existsSync(`${root}${file}`))).toEqual([]);
});

test('the image has the package.json of every workspace before npm installs', () => {
  const { workspaces } = z
    .object({ workspaces: z.array(z.string()) })
    .parse(JSON.parse(read('package.json')));
  const folders = workspaces.flatMap((pattern) => globSync(pattern, { cwd: root }));
  const dockerfile = read('Dockerfile');
  const missing = folders
    .filter((folder) => existsSync(`${root}${folder}/package.json`))
    .filter((folder) => !dockerfile.includes(`COPY ${folder}/package.json ${folder}/\n`));
  expect(missing).toEqual([]);
});
