/** A service that is gone: its edge is null and named, everything else goes on, and what waited for it is done later. */
import type { SubgraphName } from '@ordergraph/schema/subgraphs.ts';
import { overSocket, socketClient } from '@ordergraph/router/test/clients.ts';
import { expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { postGraphql } from './graphql-over-http.ts';
import { shopUnderTest } from './shop-under-test.ts';
import { expectEachOnce } from './status-watch.ts';
import { placedIn, type Storefront } from './storefront.ts';

const shop = shopUnderTest();
const patience = { timeout: 20_000, interval: 50 };

const everyEdge = `
  status lines { sku product { name } }
  payment { status } reservations { sku } notifications { kind }`;
const whole = {
  status: 'CONFIRMED',
  lines: [
    { sku: 'CUP', product: { name: 'The CUP' } },
    { sku: 'LAMP', product: { name: 'The LAMP' } },
  ],
  payment: { status: 'CAPTURED' },
  reservations: expect.arrayContaining([{ sku: 'CUP' }, { sku: 'LAMP' }]),
  notifications: [{ kind: 'ORDER_CONFIRMED' }],
};

const edges: [SubgraphName, lost: object, paths: (string | number)[][]][] = [
  ['payment', { payment: null }, [['payment']]],
  ['notification', { notifications: null }, [['notifications']]],
  [
    'inventory',
    {
      reservations: null,
      lines: [
        { sku: 'CUP', product: null },
        { sku: 'LAMP', product: null },
      ],
    },
    [['reservations'], ['lines', 0, 'product'], ['lines', 1, 'product']],
  ],
];

test.each(edges)(
  'without the %s service its edges are null with an error that names it, and the rest of the order is there',
  async (service, lost, paths) => {
    const alice = await shop.open({ subject: `alice-${service}` });
    const id = await confirmedOrder(alice);
    const query = `query Edges($id: ID!) { order(id: $id) { ${everyEdge} } orders { nodes { ${everyEdge} } } }`;
    const look = () => alice.run({ query, variables: { id } });
    await vi.waitFor(
      async () => expect((await look()).data).toMatchObject({ order: whole }),
      patience,
    );
    await without(service);
    const { status, data, errors } = await look();
    expect(status).toBe(200);
    const left = { ...whole, ...lost };
    expect(data).toEqual({ order: left, orders: { nodes: [left] } });
    const roots = [['order'], ['orders', 'nodes', 0]];
    const expected = roots.flatMap((root) => paths.map((path) => [...root, ...path]));
    const edgesAtFault = errors.map(({ path = [] }) => path.slice(0, path.findIndex(isEdge) + 1));
    expect(new Set(edgesAtFault.map(String))).toEqual(new Set(expected.map(String)));
    for (const error of errors) {
      expect(error).toMatchObject({
        message: `The ${service} service is not available.`,
        extensions: { code: 'SERVICE_UNAVAILABLE', service },
      });
    }
    await shop.system.services[service].start();
    await vi.waitFor(async () => {
      const again = await look();
      expect(again).toMatchObject({ data: { order: whole }, errors: [] });
    }, patience);
  },
);

test('without the order service the catalogue is there, and orders are an error that names it', async () => {
  await shop.stockroom.offer({ sku: 'LAMP', quantity: 1 });
  const alice = await shop.open();
  await without('order');
  const { data, errors } = await alice.run({
    query: '{ order(id: "ord_01jd8v4m7cf2x9qf1k2n3p4r5s") { id } product(sku: "LAMP") { name } }',
  });
  expect(data).toEqual({ order: null, product: { name: 'The LAMP' } });
  expect(errors).toMatchObject([
    { path: ['order'], extensions: { code: 'SERVICE_UNAVAILABLE', service: 'order' } },
  ]);
  const watch = alice.watch('ord_01jd8v4m7cf2x9qf1k2n3p4r5s');
  await vi.waitFor(() => {
    expect(watch.end).toMatchObject([
      { extensions: { code: 'SERVICE_UNAVAILABLE', service: 'order' } },
    ]);
  }, patience);
  await shop.system.services.order.start();
});

test('an event whose edge is at a dead service comes with the edge null and named, and the stream goes on', async () => {
  await shop.stockroom.offer({ sku: 'LAMP', quantity: 10 });
  const bob = await shop.open({ subject: 'bob' });
  const client = socketClient(shop.system.url, { Authorization: bob.headers['authorization'] });
  await without('notification');
  const { id } = placedIn(await bob.placeOrder({ lines: [{ sku: 'LAMP', quantity: 1 }] }));
  const query = `subscription Watch($id: ID!) { orderStatusChanged(orderId: $id) {
    status order { lines { product { name } } notifications { kind } }
  } }`;
  const stream = overSocket(client, { query, variables: { id } });
  await vi.waitFor(() => {
    expect(stream.results.at(-1)).toMatchObject({
      data: {
        orderStatusChanged: {
          status: 'CONFIRMED',
          order: { lines: [{ product: { name: 'The LAMP' } }], notifications: null },
        },
      },
      errors: [
        {
          path: ['orderStatusChanged', 'order', 'notifications'],
          extensions: { code: 'SERVICE_UNAVAILABLE', service: 'notification' },
        },
      ],
    });
  }, patience);
  expect(stream.end).toBeUndefined();
  await shop.system.services.notification.start();
  await bob.cancelOrder({ orderId: id });
  await vi.waitFor(() => {
    const last = stream.results.at(-1);
    expect(last).toMatchObject({ data: { orderStatusChanged: { status: 'CANCELLED' } } });
    expect(last).not.toHaveProperty('errors');
  }, patience);
  await client.dispose();
});

test('with every other service gone orders are placed, cancelled and watched, and what waited is done once they are back', async () => {
  await shop.stockroom.offer({ sku: 'RUG', quantity: 10 });
  const carol = await shop.open({ subject: 'carol' });
  const others = ['inventory', 'payment', 'notification', 'analytics'] as const;
  await Promise.all(others.map(without));
  const placed = await Promise.all(
    Array.from({ length: 6 }, (_, i) =>
      carol.placeOrder({ lines: [{ sku: 'RUG', quantity: 1 }], email: `carol+${i}@shop.example` }),
    ),
  );
  const orders = placed.map(placedIn);
  expect(orders.every(({ status }) => status === 'PLACED')).toBe(true);
  const watches = orders.map(({ id }) => carol.watch(id));
  await Promise.all(watches.map((watch) => watch.until(({ snapshot }) => snapshot)));
  const { order: cancelled } = await carol.cancelOrder({ orderId: orders[0]?.id ?? '' });
  expect(cancelled?.status).toBe('CANCELLING');
  await Promise.all(others.map((service) => shop.system.services[service].start()));
  const [first, ...rest] = await Promise.all(
    watches.map((watch) =>
      watch.until(({ status }) => status === 'CONFIRMED' || status === 'CANCELLED'),
    ),
  );
  expectEachOnce(first ?? [], ['PLACED', 'CANCELLING', 'CANCELLED']);
  for (const changes of rest) expectEachOnce(changes, ['PLACED', 'RESERVED', 'CONFIRMED']);
  for (const watch of watches) watch.stop();
  expect(await shop.stockroom.available('RUG')).toBe(5);
  await vi.waitFor(() => {
    const mails = shop.system.mails
      .mails()
      .filter(({ to }) => to.some((each) => each.startsWith('carol+')));
    expect(mails.map(({ subject }) => subject).toSorted()).toEqual(
      orders
        .map(({ number }, i) => `Your order ${number} is ${i === 0 ? 'cancelled' : 'confirmed'}`)
        .toSorted(),
    );
  }, patience);
});

test('without the analytics service reports are an error that names it; what was sold meanwhile is counted later', async () => {
  await shop.stockroom.offer({ sku: 'VASE', quantity: 10 });
  const dave = await shop.open({ subject: 'dave' });
  const analyst = await shop.open({ subject: 'ann', role: 'staff', scopes: ['analytics:read'] });
  await without('analytics');
  const { id } = placedIn(await dave.placeOrder({ lines: [{ sku: 'VASE', quantity: 3 }] }));
  await vi.waitFor(async () => expect((await dave.order(id))?.status).toBe('CONFIRMED'), patience);
  const day = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
  const operation = {
    query: `query Report($input: SalesReportInput!) { salesReport(input: $input) { rows { key figures { units } } } }`,
    variables: { input: { from: day, to: tomorrow, groupBy: 'SKU' } },
  };
  expect(await analyst.run(operation)).toMatchObject({
    data: null,
    errors: [
      { path: ['salesReport'], extensions: { code: 'SERVICE_UNAVAILABLE', service: 'analytics' } },
    ],
  });
  await shop.system.services.analytics.start();
  await vi.waitFor(async () => {
    const { salesReport } = await analyst.data(operation, reportShape);
    expect(salesReport.rows).toContainEqual({ key: 'VASE', figures: { units: 3 } });
  }, patience);
});

test('the router says that it is alive when a service is gone, and which answers it can give', async () => {
  const origin = new URL(shop.system.url).origin;
  await without('payment');
  expect((await fetch(`${origin}/health/live`)).status).toBe(200);
  const answer = await postGraphql(shop.system.url, {
    query: '{ products(first: 1) { nodes { sku } } }',
  });
  expect(answer).toMatchObject({ status: 200, errors: [] });
  await shop.system.services.payment.start();
  await vi.waitFor(async () => {
    expect((await fetch(`${origin}/health/ready`)).status).toBe(200);
  }, patience);
});

function isEdge(element: string | number): boolean {
  return ['payment', 'reservations', 'notifications', 'product'].includes(String(element));
}

const reportShape = z.object({ salesReport: z.object({ rows: z.array(z.unknown()) }) });

/** Stops a service, and sees to it that it runs again after the test, whatever came. */
async function without(service: SubgraphName): Promise<void> {
  onTestFinished(() => shop.system.services[service].start());
  await shop.system.services[service].stop();
}

async function confirmedOrder(customer: Storefront): Promise<string> {
  await shop.stockroom.offer({ sku: 'CUP', quantity: 10 });
  await shop.stockroom.offer({ sku: 'LAMP', quantity: 10 });
  const outcome = await customer.placeOrder({
    lines: [
      { sku: 'CUP', quantity: 1 },
      { sku: 'LAMP', quantity: 1 },
    ],
    email: 'alice@shop.example',
  });
  return placedIn(outcome).id;
}
