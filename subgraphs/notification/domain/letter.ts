/** The body of a message, as text and as HTML. Pure: the same notification always gives the same bytes. */
import { formatAmount } from '@ordergraph/platform/money.ts';
import type { NoticeContent, NoticeLine } from './notice.ts';
import { explanationOf, wordsOf } from './wording.ts';

/** Names are printable: `draftOf` saw to it. */
export type LetterSubject = {
  readonly recipientName: string;
  readonly orderNumber: string;
  readonly content: NoticeContent;
};

export type Letter = { readonly text: string; readonly html: string };

type Row = { readonly what: string; readonly amount: string };

/** What both bodies say, in order. */
type Outline = {
  readonly title: string;
  readonly greeting: string;
  readonly orderNumber: string;
  readonly opening: string;
  readonly rows: readonly Row[];
  readonly total: string | undefined;
  readonly closing: string;
};

export function writeLetter(subject: LetterSubject): Letter {
  const outline = outlineOf(subject);
  return { text: textOf(outline), html: htmlOf(outline) };
}

function outlineOf({ recipientName, orderNumber, content }: LetterSubject): Outline {
  const words = wordsOf(content.kind);
  const explanation =
    content.kind === 'ORDER_CONFIRMED' ? undefined : explanationOf(content.reason);
  return {
    title: words.title,
    greeting: recipientName === '' ? 'Hello,' : `Hello ${recipientName},`,
    orderNumber,
    opening: explanation === undefined ? words.opening : `${words.opening} ${explanation}`,
    closing: words.closing,
    ...(content.kind === 'ORDER_CONFIRMED'
      ? {
          rows: content.lines.map((line) => rowOf(line, content.currency)),
          total: amountOf(content.totalMinor, content.currency),
        }
      : { rows: [], total: undefined }),
  };
}

function rowOf(line: NoticeLine, currency: string): Row {
  return {
    what: `${line.quantity} × ${line.name}`,
    amount: amountOf(line.totalMinor, currency),
  };
}

function amountOf(minor: number, currency: string): string {
  return `${formatAmount({ minor, currency })} ${currency}`;
}

function textOf(outline: Outline): string {
  const rows = outline.rows.map((row) => `  ${row.what}: ${row.amount}\n`).join('');
  const table = outline.total === undefined ? '' : `${rows}\n  Total: ${outline.total}\n\n`;
  return `${outline.title}

${outline.greeting}

${outline.opening}

Order ${outline.orderNumber}
${table}${outline.closing}
`;
}

function htmlOf(outline: Outline): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(outline.title)}</title>
<style>
body{margin:0;background:#f4f4f2;color:#222;font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:560px;margin:32px auto;padding:32px;background:#fff;border-radius:12px}
h1{margin:0 0 16px;font-size:22px}
table{width:100%;margin:16px 0;border-collapse:collapse}
th,td{padding:8px 0;border-bottom:1px solid #e6e6e2;text-align:left;vertical-align:top}
th+th,td+td{padding-left:16px;text-align:right;white-space:nowrap}
tfoot th{border-bottom:0}
.number{color:#666}
</style>
</head>
<body>
<main>
<h1>${escapeHtml(outline.title)}</h1>
<p>${escapeHtml(outline.greeting)}</p>
<p>${escapeHtml(outline.opening)}</p>
<p class="number">Order <strong>${escapeHtml(outline.orderNumber)}</strong></p>
${tableOf(outline)}<p>${escapeHtml(outline.closing)}</p>
</main>
</body>
</html>
`;
}

function tableOf({ rows, total }: Outline): string {
  if (total === undefined) return '';
  const body = rows
    .map((row) => `<tr><td>${escapeHtml(row.what)}</td><td>${escapeHtml(row.amount)}</td></tr>\n`)
    .join('');
  return `<table>
<tbody>
${body}</tbody>
<tfoot><tr><th scope="row">Total</th><th>${escapeHtml(total)}</th></tr></tfoot>
</table>
`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
