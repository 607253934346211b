import { connect, createServer } from 'node:net';
import { createLogger } from '@ordergraph/platform/logger.ts';
import { createMetrics } from '@ordergraph/platform/telemetry.ts';
import { startSmtpSink, type SmtpSinkOptions } from '@ordergraph/sandbox/smtp-sink/server.ts';
import { testDatabase } from '@ordergraph/tests/database.ts';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { notify } from './commands.ts';
import type { RetryPolicy } from './domain/delivery.ts';
import type { Notice } from './domain/notice.ts';
import { createSendingMetrics } from './metrics.ts';
import { startSender, type SenderOptions } from './sending.ts';
import { openMailServer } from './smtp.ts';
import { leaseDue } from './store/delivery-queue.ts';

const database = await testDatabase(new URL('./store/migrations/', import.meta.url));
const { sql } = database;
afterAll(() => database.drop());
beforeEach(() => sql`truncate notifications`);

/** What a test started, in the order in which it is stopped. */
const started: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of started.splice(0).toReversed()) await stop();
});

async function sink(options: Partial<SmtpSinkOptions> = {}) {
  const running = await startSmtpSink({ smtpPort: 0, webPort: 0, ...options });
  started.push(() => running.stop());
  return { smtpPort: running.smtpPort, mails: () => running.mails() };
}

const policy: RetryPolicy = { triesMax: 3, pauseFirstMs: 20, pauseMaxMs: 40 };

function sender(smtpPort: number, options: Partial<SenderOptions> = {}, logLines: string[] = []) {
  const connections = options.connections ?? 4;
  const mailServer = openMailServer(`smtp://127.0.0.1:${smtpPort}`, connections);
  const running = startSender({
    sql,
    mailServer,
    from: { name: 'Shop', mailbox: 'orders@shop.example' },
    connections,
    policy,
    random: () => 0.5,
    logger: createLogger('test', 'trace', { write: (line) => logLines.push(line) }),
    metrics: createSendingMetrics(createMetrics('test')),
    pollMs: 50,
    ...options,
  });
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= running.stop().then(() => mailServer.close()));
  started.push(stop);
  return { wake: () => running.wake(), stop };
}

const addressOf = (orderId: string) => `${orderId}@example.test`;

async function write(...orderIds: string[]): Promise<void> {
  const notices = orderIds.map((orderId): Notice => {
    return {
      orderId,
      customerId: 'alice',
      orderNumber: `1000-${orderId}`,
      contact: { name: 'Zoë Planted', email: addressOf(orderId) },
      content: {
        kind: 'ORDER_CONFIRMED',
        lines: [{ name: 'Mug <b>', quantity: 2, totalMinor: 1250 }],
        totalMinor: 1250,
        currency: 'GBP',
      },
    };
  });
  await sql.begin((tx) => notify(tx, notices));
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `ord${i}`);
const statuses = async () =>
  (await sql<{ status: string }[]>`select status from notifications`).map(({ status }) => status);
async function allAre(status: string): Promise<void> {
  await expect
    .poll(async () => [...new Set(await statuses())], { timeout: 20_000 })
    .toEqual([status]);
}

test('a mail arrives with its number, lines and total, as text and HTML', async () => {
  const { smtpPort, mails } = await sink();
  await write('a');
  sender(smtpPort);
  await allAre('SENT');
  const [mail] = mails();
  expect(mail).toMatchObject({
    from: 'orders@shop.example',
    to: [addressOf('a')],
    subject: 'Your order 1000-a is confirmed',
  });
  expect(mail?.text).toContain('2 × Mug <b>: 12.50 GBP');
  expect(mail?.html).toContain('2 × Mug &lt;b&gt;');
  const [row] = await sql<{ id: string; tries: number }[]>`select id, tries from notifications`;
  expect(mail?.messageId).toBe(`<${row?.id}@shop.example>`);
  expect(row?.tries).toBe(1);
});

test('three senders send each of 300 mails once', async () => {
  const { smtpPort, mails } = await sink();
  await write(...names(300));
  for (let i = 0; i < 3; i += 1) sender(smtpPort);
  await allAre('SENT');
  expect(mails()).toHaveLength(300);
  expect(new Set(mails().map(({ to }) => to[0]))).toEqual(new Set(names(300).map(addressOf)));
});

test('a sender that is woken does not wait for its next look', async () => {
  const { smtpPort, mails } = await sink();
  const { wake } = sender(smtpPort, { pollMs: 1_000_000 });
  await write('a');
  wake();
  await expect.poll(() => mails().length, { timeout: 5_000 }).toBe(1);
});

test('a recipient refused for good is given up at once, and the others get their mail', async () => {
  const { smtpPort, mails } = await sink({
    reject: (to) => (to === addressOf('bad') ? 550 : undefined),
  });
  await write('a', 'bad', 'b');
  sender(smtpPort, { connections: 1 });
  await expect.poll(async () => (await statuses()).toSorted()).toEqual(['FAILED', 'SENT', 'SENT']);
  expect(mails()).toHaveLength(2);
  expect(await sql`select tries, failure from notifications where status = 'FAILED'`).toMatchObject(
    [{ tries: 1, failure: expect.stringContaining('550') }],
  );
});

test('a recipient refused for now gets its mail later', async () => {
  let refusals = 0;
  const { smtpPort, mails } = await sink({ reject: () => (++refusals <= 2 ? 450 : undefined) });
  await write('a');
  sender(smtpPort);
  await allAre('SENT');
  expect(mails()).toHaveLength(1);
  expect(await sql`select tries, failure from notifications`).toMatchObject([
    { tries: 3, failure: null },
  ]);
});

test('after the last try a mail is given up', async () => {
  const { smtpPort } = await sink({ reject: () => 450 });
  await write('a');
  sender(smtpPort);
  await allAre('FAILED');
  expect(await sql`select tries from notifications`).toEqual([{ tries: 3 }]);
});

test('when the mail server comes back the waiting mails go out', async () => {
  const first = await startSmtpSink({ smtpPort: 0, webPort: 0 });
  await first.stop();
  await write('a', 'b');
  sender(first.smtpPort, { policy: { ...policy, triesMax: 1_000 } });
  await expect.poll(() => sql`select from notifications where tries > 1`).toHaveLength(2);
  const { mails } = await sink({ smtpPort: first.smtpPort });
  await allAre('SENT');
  expect(mails()).toHaveLength(2);
});

test('a connection that breaks before or in a mail costs a try, not a mail', async () => {
  const { smtpPort, mails } = await sink();
  const breaksAt = ['EHLO', 'MAIL FROM', 'DATA', 'Subject:'];
  const flaky = await gate(smtpPort, () => breaksAt.shift());
  await write('a');
  sender(flaky, { connections: 1, policy: { ...policy, triesMax: 50 } });
  await allAre('SENT');
  expect(mails()).toHaveLength(1);
  expect(breaksAt).toEqual([]);
});

test('a mail whose senders never lived to tell is given up after the last try', async () => {
  const { smtpPort, mails } = await sink();
  await write('a');
  for (let i = 0; i < policy.triesMax; i += 1) {
    await leaseDue(sql, { limit: 1, leaseMs: 60_000 });
    await sql`update notifications set due_at = now()`;
  }
  sender(smtpPort);
  await allAre('FAILED');
  expect(mails()).toEqual([]);
});

test('a sender that dies after handing over sends the same Message-ID again, not another mail', async () => {
  const { smtpPort, mails } = await sink();
  await write('a');
  sender(smtpPort);
  await allAre('SENT');
  // As the crash would have left it: handed over, but not recorded, and the lease run out.
  await sql`update notifications set status = 'PENDING', sent_at = null, due_at = now()`;
  await allAre('SENT');
  expect(mails()).toHaveLength(2);
  expect(new Set(mails().map(({ messageId }) => messageId)).size).toBe(1);
});

test('a stopping sender finishes what is under way and gives back the rest', async () => {
  const { smtpPort, mails } = await sink();
  await write(...names(200));
  const { stop } = sender(smtpPort, { connections: 1 });
  await expect.poll(() => mails().length).toBeGreaterThan(0);
  await stop();
  const left =
    await sql`select from notifications where status = 'PENDING' and due_at <= now() and tries = 0`;
  const sent = (await statuses()).filter((status) => status === 'SENT');
  expect(sent).toHaveLength(mails().length);
  expect(left).toHaveLength(200 - sent.length);
});

test('a lease that is about to end is given back instead of used', async () => {
  const { smtpPort, mails } = await sink();
  await write('a');
  const { stop } = sender(smtpPort, { leaseMs: 1_000, pollMs: 1_000_000 });
  await expect
    .poll(() => sql`select from notifications where tries = 0 and due_at <= now()`)
    .toHaveLength(1);
  await stop();
  expect(mails()).toEqual([]);
});

test('names and addresses are never logged', async () => {
  const lines: string[] = [];
  const { smtpPort } = await sink({ reject: (to) => (to === addressOf('bad') ? 550 : 450) });
  await write('a', 'bad');
  sender(smtpPort, {}, lines);
  await allAre('FAILED');
  expect(lines.join('')).toContain('refused');
  expect(lines.join('')).not.toMatch(/planted|example\.test/i);
});

/** A door before a mail server; each connection breaks when its client says the words that `breakAt` gives for it. */
async function gate(smtpPort: number, breakAt: () => string | undefined): Promise<number> {
  const server = createServer((socket) => {
    const words = breakAt();
    const onward = connect(smtpPort, '127.0.0.1');
    socket.on('error', () => onward.destroy());
    onward.on('error', () => socket.destroy());
    socket.on('close', () => onward.destroy());
    socket.on('data', (chunk) => {
      if (words !== undefined && chunk.includes(words)) socket.destroy();
      else onward.write(chunk);
    });
    onward.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  started.push(async () => void server.close());
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}
