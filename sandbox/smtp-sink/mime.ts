import {
  decodeCharset,
  decodeQuotedPrintable,
  firstHeader,
  parseHeaders,
  parseParameterised,
  type MailHeaders,
} from './mail-headers.ts';

/** The first plain and the first HTML body of a mail; empty where it has none. */
export type MailBodies = { readonly text: string; readonly html: string };

const depthMax = 10;
const partsMax = 200;

/** The header block and the rest. All strings here hold one byte a character. */
export function splitHead(raw: string): { readonly head: string; readonly body: string } {
  const gap = /^\r?\n|\r?\n\r?\n/.exec(raw);
  if (gap === null) return { head: raw, body: '' };
  return { head: raw.slice(0, gap.index), body: raw.slice(gap.index + gap[0].length) };
}

function splitParts(body: string, boundary: string): readonly string[] {
  if (boundary === '') return [];
  const escaped = boundary.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const [, ...parts] = body.split(
    new RegExp(`(?:^|\\r?\\n)--${escaped}(?=--|[ \\t]*(?:\\r?\\n|$))`),
    partsMax,
  );
  const closing = parts.findIndex((part) => part.startsWith('--'));
  return (closing === -1 ? parts : parts.slice(0, closing)).map((part) =>
    part.replace(/^[ \t]*\r?\n/, ''),
  );
}

function decodeText(headers: MailHeaders, body: string, charset: string): string {
  const encoding = firstHeader(headers, 'content-transfer-encoding').trim().toLowerCase();
  if (encoding === 'base64') return decodeCharset(Buffer.from(body, 'base64'), charset);
  if (encoding === 'quoted-printable') return decodeCharset(decodeQuotedPrintable(body), charset);
  return decodeCharset(Buffer.from(body, 'latin1'), charset);
}

function bodiesOfPart(headers: MailHeaders, body: string, depth: number): MailBodies {
  const contentType = firstHeader(headers, 'content-type') || 'text/plain';
  const { value: type, parameter: charset } = parseParameterised(contentType, 'charset');
  if (type.startsWith('multipart/') && depth < depthMax) {
    let found: MailBodies = { text: '', html: '' };
    for (const part of splitParts(body, parseParameterised(contentType, 'boundary').parameter)) {
      const { head, body: partBody } = splitHead(part);
      const inner = bodiesOfPart(parseHeaders(head), partBody, depth + 1);
      found = { text: found.text || inner.text, html: found.html || inner.html };
    }
    return found;
  }
  const isAttachment = /^\s*attachment/i.test(firstHeader(headers, 'content-disposition'));
  if (isAttachment || (type !== 'text/plain' && type !== 'text/html'))
    return { text: '', html: '' };
  const text = decodeText(headers, body, charset || 'utf-8');
  return type === 'text/html' ? { text: '', html: text } : { text, html: '' };
}

/**
 * Reads a mail in one go. Written here because `mailparser` only works asynchronously, which properties that
 * parse on first reading cannot; the tests hold it against `mailparser` on the mails that mailers really write.
 */
export function parseBodies(headers: MailHeaders, body: string): MailBodies {
  return bodiesOfPart(headers, body, 0);
}
