import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { freePorts } from './embedded/ports.ts';
import { developmentPorts } from './stack.ts';
import { refuseTakenPorts, startPorts } from './start-ports.ts';

test('without variables the ports are those of development', () => {
  expect(startPorts({})).toEqual(developmentPorts);
  expect(startPorts({ PORT: '', SERVICES_PORT: '' })).toEqual(developmentPorts);
});

test('PORT moves the router alone', () => {
  expect(startPorts({ PORT: '8080' })).toEqual({ ...developmentPorts, router: 8080 });
});

test('SERVICES_PORT moves all but the router, which keep their distances', () => {
  expect(startPorts({ SERVICES_PORT: '5001' })).toEqual({
    router: 4000,
    order: 5001,
    inventory: 5002,
    payment: 5003,
    notification: 5004,
    analytics: 5005,
    paymentProvider: 5010,
    smtp: 5025,
    mails: 5026,
  });
});

test.each(['0', '-1', '1.5', 'http', '65536'])('a port of %j is refused for both', (port) => {
  expect(() => startPorts({ PORT: port, SERVICES_PORT: port })).toThrow(
    /PORT: must be .* 65535\n.*SERVICES_PORT: must be .* 65510/,
  );
});

test('all ports that are taken are named at once, with what moves them', async () => {
  const [router = 0, order = 0, ...free] = await freePorts(9);
  const [inventory = 0, payment = 0, notification = 0, analytics = 0, ...rest] = free;
  const [paymentProvider = 0, smtp = 0, mails = 0] = rest;
  const subgraphs = { order, inventory, payment, notification, analytics };
  const ports = { router, ...subgraphs, paymentProvider, smtp, mails };
  await refuseTakenPorts(ports);
  const listeners = [router, order].map((port) => createServer().listen(port, '127.0.0.1'));
  await Promise.all(listeners.map((listener) => once(listener, 'listening')));
  await expect(refuseTakenPorts(ports)).rejects.toThrow(
    `port ${router}, which the router needs, is taken; PORT moves the router\n` +
      `port ${order}, which the order needs, is taken; SERVICES_PORT moves it\n`,
  );
  await Promise.all(listeners.map((listener) => new Promise((done) => listener.close(done))));
});
