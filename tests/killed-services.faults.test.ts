/**
 * Services as processes of their own, killed by kill -9 or frozen between two steps of a protocol, at the point where the
 * step before has taken effect elsewhere and they do not know yet. What such a crash leaves behind is told at the
 * beginning of relay.ts, inbox.ts and charging.ts.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { expectInvariantsToHold } from './kept-promises.ts';
import { openEvidence, type Evidence } from './processes/evidence.ts';
import { answeredOverHttp, committed, prepared } from './processes/held-answer.ts';
import { startProcessSystem, type ProcessSystem } from './processes/process-system.ts';
import { openStockroom, type Stockroom } from './stockroom.ts';
import { openStorefront, placedIn, type Storefront } from './storefront.ts';

let system: ProcessSystem;
let evidence: Evidence;
let stockroom: Stockroom;
const customers: Storefront[] = [];

beforeAll(async () => {
  system = await startProcessSystem();
  evidence = await openEvidence(system);
  stockroom = await openStockroom(system);
});
afterEach(() => expectInvariantsToHold(system));
afterAll(async () => {
  await Promise.all([...customers, stockroom, evidence].map((each) => each?.close()));
  await system?.stop();
});

const soon = { timeout: 20_000, interval: 20 };
const inTheEnd = { timeout: 40_000, interval: 50 };

/** A customer and a product of a test's own, by whose names its traffic is known. */
async function shopper() {
  const subject = `customer-${randomUUID()}`;
  const sku = `SKU-${randomUUID().slice(0, 8)}`;
  await stockroom.offer({ sku, quantity: 10 });
  const customer = await openStorefront(system, { subject });
  customers.push(customer);
  return { subject, sku, customer, lines: [{ sku, quantity: 2 }] };
}

async function expectConfirmed(customer: Storefront, orderId: string): Promise<void> {
  const status = async () => (await customer.order(orderId))?.status;
  await expect.poll(status, inTheEnd).toBe('CONFIRMED');
  expect(await evidence.reservations(orderId)).toEqual([2]);
  expect(await evidence.attempts(orderId)).toEqual(['CAPTURED']);
  expect(await evidence.charges(orderId)).toBe(1);
}

test('order killed after the commit of placeOrder and before its answer: the same request again is answered with that order, which goes on', async () => {
  const { subject, customer, lines } = await shopper();
  const order = { lines, idempotencyKey: `key-${randomUUID()}` };
  const answer = system.wires.order.hold({ asked: order.idempotencyKey, answered: committed });
  const first = customer.placeOrder(order).then(() => 'answered', String);
  await answer.reached;
  await system.services.order.kill();
  expect(await first).toContain('SERVICE_UNAVAILABLE');
  const [id = ''] = await evidence.ordersOf(subject);
  await system.services.order.start();
  const again = await customer.placeOrder(order);
  expect(again).toMatchObject({ order: { id }, replayed: true, userErrors: [] });
  expect(await evidence.ordersOf(subject)).toEqual([id]);
  await expectConfirmed(customer, id);
});

test('relay killed after the acknowledgement and before the mark: the event is published again, and its effects are single', async () => {
  const { customer, lines } = await shopper();
  const orderId = await evidence.withoutMarking(async () => {
    const { id } = placedIn(await customer.placeOrder({ lines }));
    await expect.poll(() => evidence.isMarkingHeldUp(), soon).toBe(true);
    await system.services.order.kill();
    return id;
  });
  const { id: eventId, isMarked } = await evidence.placedEvent(orderId);
  expect(isMarked).toBe(false);
  expect(await evidence.copiesInStream(eventId)).toBe(1);
  await evidence.forgetEventIds();
  await system.services.order.start();
  await expectConfirmed(customer, orderId);
  expect(await evidence.copiesInStream(eventId)).toBe(2);
});

test.each(['inventory', 'payment'] as const)(
  '%s killed after its commit and before the acknowledgement: the event is delivered again, and its effects are single',
  async (name) => {
    const { subject, sku, customer, lines } = await shopper();
    const asked = name === 'inventory' ? sku : subject;
    const answer = system.wires[name].hold({ asked, answered: committed });
    const { id } = placedIn(await customer.placeOrder({ lines }));
    await answer.reached;
    await system.services[name].kill();
    const effects = name === 'inventory' ? evidence.reservations : evidence.attempts;
    expect(await effects(id)).toHaveLength(1);
    expect(await evidence.unacknowledged(name)).toBeGreaterThan(0);
    await system.services[name].start();
    await expect.poll(() => evidence.unacknowledged(name), soon).toBe(0);
    await expectConfirmed(customer, id);
  },
);

test('inventory frozen in the middle of a transaction for longer than the acknowledgement wait: another instance goes on, and when it wakes up nothing is done twice', async () => {
  const { sku, customer, lines } = await shopper();
  const answer = system.wires.inventory.hold({ asked: sku, answered: prepared });
  const { id } = placedIn(await customer.placeOrder({ lines }));
  await answer.reached;
  system.services.inventory.freeze();
  expect(await evidence.reservations(id)).toEqual([]);
  const another = await system.startAnother('inventory');
  const reserved = async () => (await evidence.reservations(id)).length;
  await expect.poll(reserved, inTheEnd).toBe(1);
  system.services.inventory.thaw();
  await another.stop();
  await expect.poll(() => evidence.unacknowledged('inventory'), soon).toBe(0);
  await expectConfirmed(customer, id);
});

test.each([
  ['tells the outcome by webhook', 'tok_ok'],
  ['has to be asked for the outcome', 'tok_no_webhook'],
])(
  'payment killed after the provider accepted a charge and before it noted the outcome: charged once, where the provider %s',
  async (_how, token) => {
    const { customer, lines } = await shopper();
    system.wires.webhooks.cut();
    const asked = 'POST /v1/charges ';
    const answer = system.wires.provider.hold({ asked, answered: answeredOverHttp });
    const { id } = placedIn(await customer.placeOrder({ lines, token }));
    await answer.reached;
    await system.services.payment.kill();
    system.wires.webhooks.mend();
    expect(await evidence.charges(id)).toBe(1);
    expect(await evidence.attempts(id)).toEqual(['PENDING']);
    await system.services.payment.start();
    await expectConfirmed(customer, id);
  },
);
