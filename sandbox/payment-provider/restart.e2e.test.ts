import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { temporaryDirectory } from '../testing/temporary-directory.ts';
import type { Charge } from './domain.ts';
import {
  apiKey,
  createProviderClient,
  startProvider,
  webhookSecret,
  type Page,
  type ProviderClient,
} from './testing/provider-client.ts';
import { startWebhookReceiver } from './testing/webhook-receiver.ts';

const main = join(import.meta.dirname, 'main.ts');

type ProviderProcess = {
  readonly client: ProviderClient;
  kill(signal: NodeJS.Signals): Promise<number | null>;
};

async function spawnProvider(webhookUrl: string, journalFile: string): Promise<ProviderProcess> {
  const child = spawn(process.execPath, [main], {
    env: {
      ...process.env,
      PORT: '0',
      SANDBOX_API_KEY: apiKey,
      SANDBOX_WEBHOOK_SECRET: webhookSecret,
      SANDBOX_WEBHOOK_URL: webhookUrl,
      SANDBOX_JOURNAL_FILE: journalFile,
      SANDBOX_LATE_MS: '600',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /listens on (\S+)/.exec(line)?.[1];
    if (url === undefined) continue;
    return {
      client: createProviderClient(url),
      async kill(signal) {
        const exit = once(child, 'exit');
        child.kill(signal);
        const [code] = await exit;
        return code;
      },
    };
  }
  throw new Error('the provider ended before it listened');
}

async function allCharges(provider: ProviderClient): Promise<readonly Charge[]> {
  const { body } = await provider.call<Page<Charge>>('GET', '/v1/charges?limit=1000');
  return body.data;
}

test('a restart keeps charges, refunds, keys and settlement, and tells nothing twice that was taken', async () => {
  const receiver = await startWebhookReceiver();
  const journalFile = join(temporaryDirectory(), 'journal.jsonl');
  const before = await startProvider({ webhookUrl: receiver.url, journalFile });
  const metadata = { orderId: 'ord_1' };
  const { body: charge } = await before.charge('tok_ok', { key: 'key-1', metadata });
  await before.charge('tok_declined_once', { metadata });
  await eventually(() => expect(receiver.received).toHaveLength(2));
  await before.refund(charge.id, 400, 'refund-1');
  await eventually(async () => {
    const { body } = await before.call<{ data: { state: string }[] }>('GET', '/sandbox/events');
    expect(body.data.map(({ state }) => state)).toEqual(['delivered', 'delivered', 'delivered']);
  });
  const today = new Date().toISOString().slice(0, 10);
  const pictures = ['/v1/charges', '/v1/refunds', `/v1/settlements/${today}.csv`];
  const picture = async (provider: ProviderClient) =>
    await Promise.all(pictures.map(async (path) => (await provider.call('GET', path)).body));
  const seen = await picture(before);
  await before.stop();

  const after = await startProvider({ webhookUrl: receiver.url, journalFile });
  expect(await picture(after)).toEqual(seen);
  expect(await after.charge('tok_ok', { key: 'key-1', metadata })).toMatchObject({
    status: 200,
    body: { id: charge.id },
  });
  expect(await after.refund(charge.id, 400, 'refund-1')).toMatchObject({
    status: 200,
    body: { status: 'succeeded' },
  });
  const second = await after.charge('tok_declined_once', { metadata });
  await eventually(() => expect(receiver.about(second.body.id)).toHaveLength(1));
  expect(await after.getCharge(second.body.id)).toMatchObject({ status: 'succeeded' });
  expect(receiver.received).toHaveLength(4);
});

test('outcomes that were still to come are settled after a restart', async () => {
  const receiver = await startWebhookReceiver();
  const journalFile = join(temporaryDirectory(), 'journal.jsonl');
  const before = await startProvider({
    webhookUrl: receiver.url,
    journalFile,
    slowMs: 150,
    webhookDelayMs: 150,
  });
  const slow = await before.charge('tok_slow');
  const declined = await before.charge('tok_declined');
  await before.stop();
  const after = await startProvider({ webhookUrl: receiver.url, journalFile });
  await eventually(() => expect(receiver.received).toHaveLength(2));
  expect(await after.getCharge(slow.body.id)).toMatchObject({ status: 'succeeded' });
  expect(await after.getCharge(declined.body.id)).toMatchObject({ status: 'failed' });
});

test('webhooks that nobody took are delivered after a restart, as the same event', async () => {
  let works = false;
  const receiver = await startWebhookReceiver(
    (_webhook, response) => void response.writeHead(works ? 200 : 500).end(),
  );
  const journalFile = join(temporaryDirectory(), 'journal.jsonl');
  const before = await startProvider({
    webhookUrl: receiver.url,
    journalFile,
    webhookRetryMs: [60_000],
  });
  await before.charge('tok_ok');
  await eventually(() => expect(receiver.received).toHaveLength(1));
  await before.stop();
  works = true;
  await startProvider({ webhookUrl: receiver.url, journalFile });
  await eventually(() => expect(receiver.received).toHaveLength(2));
  expect(receiver.received[1]?.body).toBe(receiver.received[0]?.body);
});

test('kill -9 under load loses no charge that was acknowledged, and every one is told in the end', async () => {
  const receiver = await startWebhookReceiver();
  const journalFile = join(temporaryDirectory(), 'journal.jsonl');
  const before = await spawnProvider(receiver.url, journalFile);
  const acknowledged: string[] = [];
  const worker = async (): Promise<void> => {
    // Ends with the rejection of the first request that finds nobody there any more.
    for (;;) {
      const source = acknowledged.length % 10 === 0 ? 'tok_late' : 'tok_ok';
      const { body } = await before.client.charge(source);
      acknowledged.push(body.id);
    }
  };
  const load = Promise.allSettled(Array.from({ length: 16 }, worker));
  await eventually(() => expect(acknowledged.length).toBeGreaterThan(500), 20_000);
  await before.kill('SIGKILL');
  await load;

  const after = await spawnProvider(receiver.url, journalFile);
  const states = await eventually(async () => {
    const found = new Map<string, string>();
    for (const id of acknowledged) found.set(id, '');
    let page = '/v1/charges?limit=1000';
    for (;;) {
      const { body } = await after.client.call<Page<Charge>>('GET', page);
      for (const { id, status } of body.data) found.set(id, status);
      if (body.nextAfter === null) break;
      page = `/v1/charges?limit=1000&after=${body.nextAfter}`;
    }
    expect(new Set(found.values())).toEqual(new Set(['succeeded']));
    return found;
  });
  await eventually(() => {
    const told = new Set(receiver.received.map(({ event }) => event.data.object.id));
    expect([...states.keys()].filter((id) => !told.has(id))).toEqual([]);
  });
  expect(await after.kill('SIGTERM')).toBe(0);
});

test('a journal that makes no sense stops the start and says where', async () => {
  const receiver = await startWebhookReceiver();
  const journalFile = join(temporaryDirectory(), 'journal.jsonl');
  writeFileSync(
    journalFile,
    '{"entry":"charge.moved","id":"ch_absent","command":"succeed","atSeconds":1,"eventId":"evt_1"}\n',
  );
  await expect(startProvider({ webhookUrl: receiver.url, journalFile })).rejects.toThrow(
    /line 1 of/,
  );
});

test('without a journal file a restart starts from nothing', async () => {
  const receiver = await startWebhookReceiver();
  const before = await startProvider({ webhookUrl: receiver.url });
  await before.charge('tok_ok');
  await before.stop();
  expect(await allCharges(await startProvider({ webhookUrl: receiver.url }))).toEqual([]);
});

test('a process whose configuration is faulty says every fault and exits with 2', async () => {
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env['PATH'], PORT: 'x' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exit = once(child, 'exit');
  let said = '';
  for await (const chunk of child.stderr) said += String(chunk);
  expect((await exit)[0]).toBe(2);
  for (const name of ['PORT', 'SANDBOX_API_KEY', 'SANDBOX_WEBHOOK_SECRET', 'SANDBOX_WEBHOOK_URL'])
    expect(said).toContain(name);
});
