import { expect, test } from 'vitest';
import { developmentPorts } from './stack.ts';
import { startConfiguration } from './start-configuration.ts';

test('what a service knows is handed on, and what the system says itself is not', () => {
  const variables = {
    HOLD_DURATION_MS: '60000',
    RATE_LIMIT_PLANS: '{"customer":{"capacity":5000,"refillPerSecond":250}}',
    LOG_LEVEL: 'debug',
    DEMO_CATALOGUE: 'false',
  };
  const others = { HOST: 'my-machine', JWT_ISSUER: 'me', DATABASE_URL: 'x', HOME: '/root' };
  expect(startConfiguration({ ...variables, ...others, SMTP_FROM: ' ' })).toEqual({
    ports: developmentPorts,
    variables,
  });
});

test('every variable at fault is told, once, in one error', () => {
  const wrong = {
    PORT: 'http',
    LOG_LEVEL: 'loud',
    HOLD_DURATION_MS: 'soon',
    RATE_LIMIT_PLANS: 'oops',
  };
  expect(() => startConfiguration(wrong)).toThrow(
    new RegExp(
      '^The configuration is wrong:\n' +
        '  PORT: must be a whole number from 1 to 65535\n' +
        '  LOG_LEVEL: [^\n]+\n  HOLD_DURATION_MS: [^\n]+\n  RATE_LIMIT_PLANS: must be JSON such as [^\n]+$',
    ),
  );
});
