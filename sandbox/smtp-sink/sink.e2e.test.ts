import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryDirectory } from '../testing/temporary-directory.ts';
import { startSmtpSink, type RunningSmtpSink, type SmtpSinkOptions } from './server.ts';

async function startSink(options: Partial<SmtpSinkOptions> = {}): Promise<RunningSmtpSink> {
  const sink = await startSmtpSink({ smtpPort: 0, webPort: 0, ...options });
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= sink.stop());
  onTestFinished(stop);
  return { ...sink, stop };
}

function mailer(sink: RunningSmtpSink, options: { auth?: { user: string; pass: string } } = {}) {
  const transport = createTransport({
    host: '127.0.0.1',
    port: sink.smtpPort,
    pool: true,
    maxConnections: 5,
    ...options,
  });
  onTestFinished(() => transport.close());
  return (mail: SendMailOptions) =>
    transport.sendMail({
      from: 'shop@example.com',
      to: 'alice@example.com',
      subject: 'Order placed',
      text: 'Thank you',
      ...mail,
    });
}

async function get(sink: RunningSmtpSink, path: string) {
  const response = await fetch(sink.url + path);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const rows = (text: string): number => text.split('<td class="who">').length - 1;

test('a mail that was sent is in the sink with its envelope, headers and both bodies', async () => {
  const sink = await startSink();
  const { messageId } = await mailer(sink)({
    cc: 'bob@example.com',
    subject: 'Bestellung bestätigt ✓',
    text: 'Danke',
    html: '<p>Danke</p>',
  });
  const [mail] = sink.mails();
  expect(mail).toMatchObject({
    from: 'shop@example.com',
    to: ['alice@example.com', 'bob@example.com'],
    subject: 'Bestellung bestätigt ✓',
    messageId,
    html: '<p>Danke</p>',
  });
  expect(mail?.text.trim()).toBe('Danke');
  expect(mail?.headers['cc']).toEqual(['bob@example.com']);
  expect(mail?.raw).toContain(`Message-ID: ${messageId}`);
});

test('five hundred mails over pooled connections all arrive, each once', async () => {
  const sink = await startSink();
  const send = mailer(sink);
  await Promise.all(
    Array.from({ length: 500 }, (_, index) =>
      send({ to: `customer-${index}@example.com`, subject: `Order ${index}` }),
    ),
  );
  expect(new Set(sink.mails().map(({ subject }) => subject)).size).toBe(500);
  expect(sink.mails()).toHaveLength(500);
});

test('any login is taken, so clients with credentials need no other configuration', async () => {
  const sink = await startSink();
  await mailer(sink, { auth: { user: 'anyone', pass: 'anything' } })({});
  expect(sink.mails()).toHaveLength(1);
});

test('a recipient that the switch refuses hears its code; the others get the mail', async () => {
  const sink = await startSink({
    reject: (recipient) =>
      recipient.startsWith('full@') ? 452 : recipient.startsWith('gone@') ? 550 : undefined,
  });
  const send = mailer(sink);
  await expect(send({ to: 'full@example.com' })).rejects.toMatchObject({ responseCode: 452 });
  await expect(send({ to: 'gone@example.com' })).rejects.toMatchObject({ responseCode: 550 });
  const { rejected } = await send({ to: ['gone@example.com', 'alice@example.com'] });
  expect(rejected).toEqual(['gone@example.com']);
  expect(sink.mails().map(({ to }) => to)).toEqual([['alice@example.com']]);
});

test('a mail over 10 MB is refused and not kept', async () => {
  const sink = await startSink();
  await expect(mailer(sink)({ text: 'x'.repeat(11 * 1024 * 1024) })).rejects.toMatchObject({
    responseCode: 552,
  });
  expect(sink.mails()).toHaveLength(0);
});

test('the API lists newest first, by recipient, in pages, and counts', async () => {
  const sink = await startSink();
  const send = mailer(sink);
  for (let index = 0; index < 5; index += 1)
    await send({
      to: index % 2 === 0 ? 'anna@example.com' : 'joanna@example.com',
      subject: `Order ${index}`,
    });
  const subjects = async (path: string) =>
    JSON.parse((await get(sink, path)).text).mails.map((mail: { subject: string }) => mail.subject);
  expect(await subjects('/api/mails')).toEqual([
    'Order 4',
    'Order 3',
    'Order 2',
    'Order 1',
    'Order 0',
  ]);
  expect(await subjects('/api/mails?to=anna@example.com')).toEqual([
    'Order 4',
    'Order 2',
    'Order 0',
  ]);
  const first = JSON.parse((await get(sink, '/api/mails?limit=3')).text);
  expect(await subjects(`/api/mails?limit=3&before=${first.nextBefore}`)).toEqual([
    'Order 1',
    'Order 0',
  ]);
  expect(JSON.parse((await get(sink, '/api/count?to=joanna')).text)).toEqual({
    count: 2,
    received: 5,
  });
  const one = JSON.parse((await get(sink, `/api/mails/${first.mails[0].id}`)).text);
  expect(one).toMatchObject({
    subject: 'Order 4',
    headers: { from: ['shop@example.com'] },
    raw: expect.stringContaining('Thank you'),
  });
});

test('what is not there answers 404, a bad limit 400, a write 405', async () => {
  const sink = await startSink();
  for (const path of [
    '/api/mails/1-1',
    '/mails/1-1',
    '/api/nothing',
    '/nothing',
    '/mails/1-1/html',
    '//',
    '/%00',
  ]) {
    expect(await get(sink, path)).toMatchObject({ status: 404 });
  }
  for (const limit of ['0', '501', 'x'])
    expect((await get(sink, `/api/mails?limit=${limit}`)).status).toBe(400);
  expect((await fetch(sink.url, { method: 'POST' })).status).toBe(405);
  expect((await get(sink, '/health')).status).toBe(200);
});

test('nothing a mail contains becomes part of our pages', async () => {
  const sink = await startSink();
  const attack = '"><script>alert(1)</script>';
  await mailer(sink)({
    subject: attack,
    text: attack,
    html: `<b>x</b>${attack}`,
    headers: { 'X-Attack': attack },
  });
  const id = sink.mails()[0]?.id;
  const pages = [
    '/',
    `/?to=${encodeURIComponent(attack)}`,
    `/mails/${id}`,
    ...['text', 'headers', 'raw'].map((view) => `/mails/${id}?view=${view}`),
  ];
  for (const path of pages) {
    const { text, headers } = await get(sink, path);
    expect(text).not.toContain('<script');
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'self'/);
  }
  expect((await get(sink, '/')).text).toContain('&lt;script&gt;alert(1)');
});

test("a mail's HTML is shown in a sandboxed frame without scripts or requests", async () => {
  const sink = await startSink();
  await mailer(sink)({
    html: '<html><head><title>t</title></head><body><a href="https://example.com">Order</a></body></html>',
  });
  const id = sink.mails()[0]?.id;
  expect((await get(sink, `/mails/${id}`)).text).toMatch(`src="/mails/${id}/html"`);
  const { text, headers } = await get(sink, `/mails/${id}/html`);
  expect(text).toContain('<head><base target="_blank"><title>');
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy).toContain('sandbox allow-popups');
  expect(policy).not.toContain('allow-scripts');
  expect(policy).not.toContain('allow-same-origin');
  expect(policy).toContain("default-src 'none'");
});

test('the list is paged and searched by recipient', async () => {
  const sink = await startSink();
  const send = mailer(sink);
  await Promise.all(
    Array.from({ length: 60 }, (_, index) => send({ to: `customer-${index}@example.com` })),
  );
  const first = (await get(sink, '/')).text;
  expect(rows(first)).toBe(50);
  const older = /href="(\/\?before=[^"]+)"/.exec(first)?.[1]?.replaceAll('&amp;', '&') ?? '';
  expect(rows((await get(sink, older)).text)).toBe(10);
  expect(rows((await get(sink, '/?to=customer-7@example.com')).text)).toBe(1);
});

test('only the newest mails are kept, in memory and on disk, and a restart finds them', async () => {
  const mailDir = join(temporaryDirectory(), 'mails');
  const before = await startSink({ mailDir, maxMails: 3 });
  const send = mailer(before);
  for (let index = 0; index < 5; index += 1)
    await send({ subject: `Order ${index}`, html: '<p>ä</p>' });
  const kept = before
    .mails()
    .map((mail) => ({ ...mail, subject: mail.subject, html: mail.html, raw: mail.raw }));
  expect(kept.map(({ subject }) => subject)).toEqual(['Order 2', 'Order 3', 'Order 4']);
  await before.stop();
  expect(readdirSync(mailDir)).toHaveLength(3);
  expect(readFileSync(join(mailDir, `${kept[0]?.id}.eml`), 'utf8')).toContain('Subject: Order 2');

  writeFileSync(join(mailDir, 'mine.eml'), 'not a mail of the sink');
  const after = await startSink({ mailDir, maxMails: 2 });
  expect(
    after
      .mails()
      .map((mail) => ({ ...mail, subject: mail.subject, html: mail.html, raw: mail.raw })),
  ).toEqual(kept.slice(1));
  expect(readdirSync(mailDir)).toHaveLength(3);
});

test('a taken port fails the start and leaves nothing listening', async () => {
  const sink = await startSink();
  const other = await startSink();
  await other.stop();
  await expect(startSmtpSink({ smtpPort: sink.smtpPort, webPort: other.webPort })).rejects.toThrow(
    'EADDRINUSE',
  );
  await startSink({ webPort: other.webPort });
});
