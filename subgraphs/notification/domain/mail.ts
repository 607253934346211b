/**
 * A mail as it goes over the wire (RFC 5322, MIME): headers, then text and HTML as alternatives in base 64. Composed here and
 * handed over whole, it costs about half the CPU of letting nodemailer build its tree of parts, and header injection is
 * excluded in one place: names and subjects are printable or encoded words, addresses have passed `parseMailbox`.
 */
import { printable, type NamedMailbox } from './mailbox.ts';
import type { Letter } from './letter.ts';

export type MailContent = {
  /** The notification's identifier; the same for every try, so that receivers can recognise a repeated mail. */
  readonly id: string;
  readonly from: NamedMailbox;
  readonly to: NamedMailbox;
  readonly subject: string;
  readonly date: Date;
  readonly letter: Letter;
};

/** The bytes are ASCII only; lines end with CRLF. */
export type Mail = {
  readonly messageId: string;
  readonly from: string;
  readonly to: string;
  readonly raw: string;
};

const subjectMax = 200;
const base64LineLength = 76;
/** Bytes of text in one encoded word, so that the word stays within the 75 characters that RFC 2047 allows. */
const encodedWordBytes = 45;

export function composeMail(content: MailContent): Mail {
  const messageId = `<${content.id}@${domainOf(content.from.mailbox)}>`;
  // An underscore is no letter of base 64: the boundary cannot occur in a part.
  const boundary = `=_${content.id}`;
  const raw = `From: ${headerMailbox(content.from)}
To: ${headerMailbox(content.to)}
Subject: ${headerText(printable(content.subject, subjectMax))}
Message-ID: ${messageId}
Date: ${content.date.toUTCString().replace('GMT', '+0000')}
Auto-Submitted: auto-generated
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="${boundary}"

${part(boundary, 'text/plain', content.letter.text)}
${part(boundary, 'text/html', content.letter.html)}
--${boundary}--
`;
  return {
    messageId,
    from: content.from.mailbox,
    to: content.to.mailbox,
    raw: raw.replaceAll('\n', '\r\n'),
  };
}

function domainOf(mailbox: string): string {
  return mailbox.slice(mailbox.lastIndexOf('@') + 1);
}

function part(boundary: string, type: string, text: string): string {
  return `--${boundary}
Content-Type: ${type}; charset=utf-8
Content-Transfer-Encoding: base64

${inLines(Buffer.from(text, 'utf8').toString('base64'))}`;
}

function inLines(base64: string): string {
  const lines: string[] = [];
  for (let start = 0; start < base64.length; start += base64LineLength) {
    lines.push(base64.slice(start, start + base64LineLength));
  }
  return lines.join('\n');
}

function headerMailbox({ name, mailbox }: NamedMailbox): string {
  const shown = printable(name, 100);
  if (shown === '') return mailbox;
  const phrase = isAscii(shown) ? `"${shown.replace(/["\\]/g, '\\$&')}"` : headerText(shown);
  return `${phrase} <${mailbox}>`;
}

/** Text as it is where that is safe, else as encoded words, each of whole characters. */
function headerText(text: string): string {
  // What looks like an encoded word already would be decoded by the reader.
  if (isAscii(text) && !text.includes('=?')) return text;
  const words: string[] = [];
  let word = '';
  for (const character of text) {
    if (Buffer.byteLength(word + character) > encodedWordBytes) {
      words.push(word);
      word = '';
    }
    word += character;
  }
  words.push(word);
  return words.map((each) => `=?UTF-8?B?${Buffer.from(each).toString('base64')}?=`).join('\n ');
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}
