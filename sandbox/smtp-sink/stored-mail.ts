import { firstHeader, parseHeaders, type MailHeaders } from './mail-headers.ts';
import { parseBodies, splitHead, type MailBodies } from './mime.ts';

/** A mail as it came. Everything below `to` is read from the raw bytes when first asked for. */
export type StoredMail = {
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly receivedAt: string;
  /** The envelope's sender; empty for a bounce. */
  readonly from: string;
  /** The envelope's recipients that were accepted. */
  readonly to: readonly string[];
  readonly sizeBytes: number;
  readonly subject: string;
  readonly messageId: string;
  /** Empty when the mail has no such part. */
  readonly text: string;
  readonly html: string;
  readonly raw: string;
  readonly headers: MailHeaders;
};

export type Envelope = Pick<StoredMail, 'id' | 'receivedAt' | 'from' | 'to'>;

class LazyMail implements StoredMail {
  readonly id: string;
  readonly receivedAt: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly #bytes: Buffer;
  #headers: MailHeaders | undefined;
  #bodies: MailBodies | undefined;

  constructor({ id, receivedAt, from, to }: Envelope, bytes: Buffer) {
    this.id = id;
    this.receivedAt = receivedAt;
    this.from = from;
    this.to = to;
    this.#bytes = bytes;
  }

  get sizeBytes(): number {
    return this.#bytes.length;
  }

  get headers(): MailHeaders {
    return (this.#headers ??= parseHeaders(splitHead(this.#bytes.toString('latin1')).head));
  }

  get subject(): string {
    return firstHeader(this.headers, 'subject');
  }

  get messageId(): string {
    return firstHeader(this.headers, 'message-id');
  }

  get text(): string {
    return this.#parsedBodies().text;
  }

  get html(): string {
    return this.#parsedBodies().html;
  }

  get raw(): string {
    return this.#bytes.toString('utf8');
  }

  #parsedBodies(): MailBodies {
    return (this.#bodies ??= parseBodies(
      this.headers,
      splitHead(this.#bytes.toString('latin1')).body,
    ));
  }
}

export const createStoredMail = (envelope: Envelope, bytes: Buffer): StoredMail =>
  new LazyMail(envelope, bytes);
