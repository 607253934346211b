/** Names and addresses as people type them, made safe for the header of a mail and for SMTP. */
import { domainToASCII } from 'node:url';

const localPart = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/;
/** Letters, marks, digits, dots and hyphens: `domainToASCII` would take much more, and decode it. */
const writtenDomain = /^[\p{L}\p{M}\p{N}.-]+$/u;
const asciiDomain =
  /^(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)+(?=[a-z\d-]*[a-z])[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/;
const localMax = 64;
const mailboxMax = 254;

/**
 * Reads an address as `local@domain` with the domain in lower-case ASCII (Punycode where it is international).
 * @returns undefined if it is malformed. Quoted and international local parts count as malformed: few servers take them.
 */
export function parseMailbox(text: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed.length > mailboxMax) return undefined;
  const at = trimmed.lastIndexOf('@');
  const local = trimmed.slice(0, Math.max(at, 0));
  const written = trimmed.slice(at + 1);
  if (local.length > localMax || !localPart.test(local) || !writtenDomain.test(written)) {
    return undefined;
  }
  const domain = domainToASCII(written);
  const mailbox = `${local}@${domain}`;
  return asciiDomain.test(domain) && mailbox.length <= mailboxMax ? mailbox : undefined;
}

/** One line of text: no control characters, line breaks or half characters; at most `max` characters. */
export function printable(text: string, max: number): string {
  const line = text
    .slice(0, max * 4)
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  return line.length <= max ? line : Array.from(line).slice(0, max).join('').trim();
}

/** A sender or recipient: a mailbox with the name shown for it, which may be empty. */
export type NamedMailbox = { readonly name: string; readonly mailbox: string };

/** Reads `Name <local@domain>` or `local@domain`; undefined if it is malformed. */
export function parseNamedMailbox(text: string): NamedMailbox | undefined {
  const match = /^(?<name>[^<>]*)<(?<address>[^<>]+)>$/.exec(text.trim());
  const mailbox = parseMailbox(match?.groups?.['address'] ?? text);
  if (mailbox === undefined) return undefined;
  const name = printable(match?.groups?.['name'] ?? '', 100).replace(/^"(.*)"$/, '$1');
  return { name, mailbox };
}
