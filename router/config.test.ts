import { ConfigurationError, readConfig } from '@ordergraph/platform/config.ts';
import { expect, test } from 'vitest';
import { routerConfiguration } from './config.ts';

const least = {
  INTERNAL_SECRET: 'thirty-two characters or even more',
  JWKS_FILE: '/keys.json',
  JWT_ISSUER: 'https://issuer.test',
  JWT_AUDIENCE: 'ordergraph',
};

test('what is not said has a safe value', () => {
  expect(readConfig(routerConfiguration, least)).toMatchObject({
    PORT: 4000,
    HOST: '127.0.0.1',
    NODE_ENV: 'production',
    SUPERGRAPH_FILE: expect.stringMatching(/schema\/supergraph\.graphql$/),
    SUBGRAPH_URLS: {},
    ALLOWED_ORIGINS: [],
  });
});

test('every fault of a configuration is told at once, by name and without its value', () => {
  const wrong = {
    PORT: '70000',
    SUBGRAPH_URLS: '{"order":"ftp://secret-host"}',
    WEBHOOK_TARGETS: 'rubbish',
    INTERNAL_SECRET: 'short',
    JWKS_URL: 'http://a.test/keys',
    JWKS_FILE: '/keys.json',
    INTROSPECTION: 'maybe',
  };
  let thrown: unknown;
  try {
    readConfig(routerConfiguration, wrong);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(ConfigurationError);
  const faults = thrown instanceof ConfigurationError ? thrown.faults : [];
  expect(new Set(faults.map((fault) => fault.split(':')[0]))).toEqual(
    new Set([
      'INTERNAL_SECRET',
      'INTROSPECTION',
      'JWKS_URL',
      'JWT_AUDIENCE',
      'JWT_ISSUER',
      'PORT',
      'SUBGRAPH_URLS',
      'WEBHOOK_TARGETS',
    ]),
  );
  expect(faults.join()).not.toMatch(/secret-host|rubbish|70000/);
});

test('keys come from exactly one place', () => {
  const { JWKS_FILE: _file, ...none } = least;
  expect(() => readConfig(routerConfiguration, none)).toThrow(/JWKS_URL/);
});

test('nothing has to be said but where the supergraph is, and then nobody has a token', () => {
  const config = readConfig(routerConfiguration, { SUPERGRAPH_FILE: '/any.graphql' });
  expect(config).toMatchObject({ SUPERGRAPH_FILE: '/any.graphql', PORT: 4000 });
  expect(config.JWT_ISSUER).toBeUndefined();
  expect(config.INTERNAL_SECRET).toBeUndefined();
});

test('whoever names events by which something kept ends must say where they are', () => {
  const named = { ...least, CACHE_INVALIDATIONS: '{"product.upserted":{"type":"Product"}}' };
  expect(() => readConfig(routerConfiguration, named)).toThrow('NATS_URL: is missing');
  const complete = readConfig(routerConfiguration, { ...named, NATS_URL: 'nats://127.0.0.1:4222' });
  expect(complete.CACHE_INVALIDATIONS).toEqual({ 'product.upserted': { type: 'Product' } });
  for (const wrong of ['rubbish', '[]', '{"product.upserted":{}}', '{"*":{"type":"Product"}}']) {
    expect(() => readConfig(routerConfiguration, { ...least, CACHE_INVALIDATIONS: wrong })).toThrow(
      /CACHE_INVALIDATIONS: must be JSON such as/,
    );
  }
});
