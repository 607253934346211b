import { createServer, type Server } from 'node:http';
import type { Mailbox } from './mailbox.ts';
import { pageStyle } from './page-style.ts';
import { absentPage, listPage, mailDocument, mailPage, tabsOf } from './pages.ts';
import type { StoredMail } from './stored-mail.ts';

type WebAnswer = {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly policy: string;
};

const pageSize = 50;
const apiPageSizeMax = 500;

/** Pages of ours: no scripts at all, one style sheet, frames of our own only. */
const pagePolicy =
  "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/** A mail's HTML is a stranger's: an origin of its own, no scripts, no requests, shown only in our frame. */
const mailPolicy = [
  'sandbox allow-popups allow-popups-to-escape-sandbox',
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  "form-action 'none'",
  "frame-ancestors 'self'",
].join('; ');

const page = (status: number, body: string): WebAnswer => ({
  status,
  type: 'text/html; charset=utf-8',
  body,
  policy: pagePolicy,
});
const json = (status: number, value: unknown): WebAnswer => ({
  status,
  type: 'application/json',
  body: JSON.stringify(value),
  policy: "default-src 'none'",
});
const plain = (type: string, body: string, policy = "default-src 'none'"): WebAnswer => ({
  status: 200,
  type,
  body,
  policy,
});

const summary = ({ id, receivedAt, from, to, subject, messageId, sizeBytes }: StoredMail) => ({
  id,
  receivedAt,
  from,
  to,
  subject,
  messageId,
  sizeBytes,
});

const whole = (mail: StoredMail) => ({
  ...summary(mail),
  text: mail.text,
  html: mail.html,
  headers: mail.headers,
  raw: mail.raw,
});

function showList(mailbox: Mailbox, query: URLSearchParams): WebAnswer {
  const to = (query.get('to') ?? '').slice(0, 200);
  const before = query.get('before') ?? undefined;
  const found = mailbox.page({ to, limit: pageSize, before });
  const view = {
    page: found,
    to,
    isFirstPage: before === undefined,
    count: mailbox.count(to),
    received: mailbox.received(),
  };
  return page(200, listPage(view));
}

function listAsJson(mailbox: Mailbox, query: URLSearchParams): WebAnswer {
  const limit = Number(query.get('limit') ?? pageSize);
  if (!Number.isInteger(limit) || limit < 1 || limit > apiPageSizeMax) {
    const message = `limit must be an integer from 1 to ${apiPageSizeMax}.`;
    return json(400, { error: { code: 'invalid_request', message, param: 'limit' } });
  }
  const found = mailbox.page({
    to: query.get('to') ?? '',
    limit,
    before: query.get('before') ?? undefined,
  });
  return json(200, { mails: found.mails.map(summary), nextBefore: found.nextBefore });
}

function showMail(mail: StoredMail, part: string | undefined, query: URLSearchParams): WebAnswer {
  if (part === 'html') return plain('text/html; charset=utf-8', mailDocument(mail), mailPolicy);
  if (part === 'raw') return plain('text/plain; charset=utf-8', mail.raw);
  const tabs = tabsOf(mail);
  const tab = tabs.find((each) => each === query.get('view')) ?? tabs[0] ?? 'raw';
  return page(200, mailPage(mail, tab));
}

function answer(mailbox: Mailbox, url: URL): WebAnswer {
  const { pathname: path, searchParams: query } = url;
  if (path === '/') return showList(mailbox, query);
  if (path === '/style.css') return plain('text/css; charset=utf-8', pageStyle);
  if (path === '/health') return plain('text/plain', 'ok');
  if (path === '/api/mails') return listAsJson(mailbox, query);
  if (path === '/api/count') {
    return json(200, { count: mailbox.count(query.get('to') ?? ''), received: mailbox.received() });
  }
  const [, area, id = '', part] =
    /^\/(mails|api\/mails)\/([\d-]+)(?:\/(html|raw))?$/.exec(path) ?? [];
  const mail = mailbox.find(id);
  if (area === 'mails')
    return mail === undefined ? page(404, absentPage()) : showMail(mail, part, query);
  if (area === 'api/mails' && part === undefined && mail !== undefined)
    return json(200, whole(mail));
  if (path.startsWith('/api/'))
    return json(404, {
      error: { code: 'not_found', message: 'There is no such thing.', param: null },
    });
  return page(404, absentPage());
}

/** The web view and JSON API of a mailbox; reads only. Not yet listening. */
export function createWebServer(mailbox: Mailbox, log: (line: string) => void): Server {
  return createServer((request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD', connection: 'close' }).end();
      return;
    }
    let answered: WebAnswer;
    try {
      // The host does not matter here and may be missing; the base only makes the path a URL.
      const url = URL.parse(request.url ?? '/', 'http://sink.invalid');
      answered = url === null ? page(404, absentPage()) : answer(mailbox, url);
    } catch (error) {
      log(`web: ${request.url} failed: ${String(error)}`);
      answered = json(500, {
        error: { code: 'internal_error', message: 'Something went wrong.', param: null },
      });
    }
    response.writeHead(answered.status, {
      'content-type': answered.type,
      'content-length': Buffer.byteLength(answered.body),
      'content-security-policy': answered.policy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
    response.end(request.method === 'HEAD' ? undefined : answered.body);
  });
}
