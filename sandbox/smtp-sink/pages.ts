import type { MailPage } from './mailbox.ts';
import { markup, type Markup } from './markup.ts';
import type { StoredMail } from './stored-mail.ts';

export type ListView = {
  readonly page: MailPage;
  readonly to: string;
  readonly isFirstPage: boolean;
  readonly count: number;
  readonly received: number;
};

export type MailTab = 'html' | 'text' | 'headers' | 'raw';

const refreshSeconds = 5;

const time = (iso: string): Markup =>
  markup`<time datetime="${iso}">${iso.slice(0, 10)} <b>${iso.slice(11, 19)}</b></time>`;

const subject = (mail: StoredMail): string => mail.subject || '(no subject)';

function layout(title: string, content: Markup, refreshes = false): string {
  const refresh = refreshes
    ? markup`<meta http-equiv="refresh" content="${refreshSeconds}" />`
    : '';
  return markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        ${refresh}
        <title>${title}</title>
        <link rel="stylesheet" href="/style.css" />
      </head>
      <body>
        <header>
          <a href="/">SMTP sink</a><span>Mails that were sent and never left this machine</span>
        </header>
        <main>${content}</main>
      </body>
    </html>`.text;
}

const row = (mail: StoredMail): Markup =>
  markup`<tr>
    <td class="when">${time(mail.receivedAt)}</td>
    <td class="who">${mail.to.join(', ')}</td>
    <td><a href="/mails/${mail.id}">${subject(mail)}</a></td>
    <td class="number">${(mail.sizeBytes / 1024).toFixed(1)} kB</td>
  </tr>`;

function pager({ page, to, isFirstPage }: ListView): Markup {
  const query = to === '' ? '' : `to=${encodeURIComponent(to)}`;
  const newest = isFirstPage ? '' : markup`<a href="/?${query}">Newest</a>`;
  const older =
    page.nextBefore === null
      ? ''
      : markup`<a href="/?before=${page.nextBefore}&${query}">Older</a>`;
  return markup`<nav>${newest} ${older}</nav>`;
}

/** The list, newest first. Its first page reloads itself while nobody searches. */
export function listPage(view: ListView): string {
  const { page, to, count, received, isFirstPage } = view;
  const summary =
    to === '' ? `${count} kept of ${received} received` : `${count} of the kept mails match`;
  const body =
    page.mails.length === 0
      ? markup`<p class="empty">${to === '' ? 'No mail yet.' : 'No mail to such a recipient.'}</p>`
      : markup`<table>
          <thead>
            <tr>
              <th>Received (UTC)</th>
              <th>To</th>
              <th>Subject</th>
              <th class="number">Size</th>
            </tr>
          </thead>
          <tbody>
            ${page.mails.map(row)}
          </tbody>
        </table>`;
  const content = markup`<form action="/" method="get" role="search">
      <input
        type="search"
        name="to"
        value="${to}"
        placeholder="Recipient"
        aria-label="Recipient"
        maxlength="200"
      />
      <button>Search</button>
      <span class="summary">${summary}</span>
    </form>
    ${body} ${pager(view)}`;
  return layout('SMTP sink', content, isFirstPage && to === '');
}

const headerRows = (mail: StoredMail): readonly Markup[] =>
  Object.entries(mail.headers).flatMap(([name, values]) =>
    values.map(
      (value) =>
        markup`<tr>
          <th scope="row">${name}</th>
          <td>${value}</td>
        </tr>`,
    ),
  );

function tabContent(mail: StoredMail, tab: MailTab): Markup {
  switch (tab) {
    case 'html':
      return markup`<iframe
        src="/mails/${mail.id}/html"
        title="The mail"
        sandbox="allow-popups allow-popups-to-escape-sandbox"
      ></iframe>`;
    case 'text':
      return markup`<pre>${mail.text}</pre>`;
    case 'headers':
      return markup`<table class="headers">
        <tbody>
          ${headerRows(mail)}
        </tbody>
      </table>`;
    case 'raw':
      return markup`<pre>${mail.raw}</pre>
        <p><a href="/mails/${mail.id}/raw">As a file</a></p>`;
    default:
      return tab satisfies never;
  }
}

/** The tabs that have something to show. */
export const tabsOf = (mail: StoredMail): readonly MailTab[] => [
  ...(mail.html === '' ? [] : (['html'] as const)),
  ...(mail.text === '' ? [] : (['text'] as const)),
  'headers',
  'raw',
];

const tabNames = {
  html: 'HTML',
  text: 'Text',
  headers: 'Headers',
  raw: 'Raw',
} as const satisfies Record<MailTab, string>;

export function mailPage(mail: StoredMail, tab: MailTab): string {
  const tabs = tabsOf(mail).map((each) =>
    each === tab
      ? markup`<a href="/mails/${mail.id}?view=${each}" aria-current="page">${tabNames[each]}</a>`
      : markup`<a href="/mails/${mail.id}?view=${each}">${tabNames[each]}</a>`,
  );
  const content = markup`<h1>${subject(mail)}</h1>
    <dl>
      <dt>From</dt>
      <dd>${mail.from || '(nobody: a bounce)'}</dd>
      <dt>To</dt>
      <dd>${mail.to.join(', ')}</dd>
      <dt>Received</dt>
      <dd>${time(mail.receivedAt)} UTC</dd>
    </dl>
    <nav class="tabs">${tabs}</nav>
    ${tabContent(mail, tab)}`;
  return layout(`${subject(mail)} · SMTP sink`, content);
}

export const absentPage = (): string =>
  layout(
    'Not found · SMTP sink',
    markup`<h1>Not found</h1>
      <p>It was never here, or newer mails took its place.</p>`,
  );

/** The mail's own HTML, with its links opening in new windows, since the frame it is shown in must not go anywhere. */
export function mailDocument(mail: StoredMail): string {
  const base = '<base target="_blank">';
  const head = /<head(?:\s[^>]*)?>/i.exec(mail.html);
  if (head === null) return base + mail.html;
  const end = head.index + head[0].length;
  return mail.html.slice(0, end) + base + mail.html.slice(end);
}
