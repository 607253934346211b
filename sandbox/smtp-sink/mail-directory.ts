import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { firstHeader, parseHeaders } from './mail-headers.ts';
import { splitHead } from './mime.ts';
import { createStoredMail, type Envelope, type StoredMail } from './stored-mail.ts';

/**
 * Mails as `.eml` files that any mail program opens; the envelope stands in three header lines before the mail's own.
 * Synchronous on purpose: through the thread pool a mail cost 1.1 ms of CPU in all, this way 0.8 ms.
 */
export type MailDirectory = {
  /** The newest `mailsMax`, in order of arrival; older ones are deleted. */
  readonly load: (mailsMax: number) => readonly StoredMail[];
  /** The mail is in its file when this returns (not fsynced). */
  readonly save: (envelope: Envelope, bytes: Buffer) => void;
  readonly remove: (ids: readonly string[]) => void;
};

/** Only files with names of this form are ever read or deleted: the directory may hold other things. */
const ownFile = /^(\d{13}-\d{6})\.eml$/;
const envelopeLines = 3;

const envelopeHead = ({ from, to, receivedAt }: Envelope): string =>
  `Return-Path: <${from}>\r\nX-Sink-Recipients: ${to.join(', ')}\r\nX-Sink-Received-At: ${receivedAt}\r\n`;

function readMail(id: string, file: Buffer): StoredMail {
  let start = 0;
  for (let line = 0; line < envelopeLines; line += 1) start = file.indexOf('\r\n', start) + 2;
  const headers = parseHeaders(splitHead(file.toString('latin1', 0, start)).head);
  const envelope = {
    id,
    receivedAt: firstHeader(headers, 'x-sink-received-at'),
    from: firstHeader(headers, 'return-path').replace(/^<|>$/g, ''),
    to: firstHeader(headers, 'x-sink-recipients').split(', '),
  };
  return createStoredMail(envelope, file.subarray(start));
}

export function openMailDirectory(directory: string): MailDirectory {
  mkdirSync(directory, { recursive: true });
  const fileOf = (id: string): string => join(directory, `${id}.eml`);

  function remove(ids: readonly string[]): void {
    for (const id of ids) rmSync(fileOf(id), { force: true });
  }

  return {
    remove,
    load(mailsMax) {
      const ids = readdirSync(directory)
        .map((name) => ownFile.exec(name)?.[1])
        .filter((id) => id !== undefined)
        .toSorted();
      remove(ids.slice(0, -mailsMax));
      return ids.slice(-mailsMax).map((id) => readMail(id, readFileSync(fileOf(id))));
    },
    save(envelope, bytes) {
      // A kill in the middle leaves a `.part` file, which is never read, not half a mail.
      const unfinished = join(directory, 'unfinished.part');
      writeFileSync(unfinished, Buffer.concat([Buffer.from(envelopeHead(envelope)), bytes]));
      renameSync(unfinished, fileOf(envelope.id));
    },
  };
}
