/** Header fields by lower-case name, each with its values in order, unfolded and decoded. */
export type MailHeaders = Readonly<Record<string, readonly string[]>>;

/** Bytes as text in the named charset; what this runtime cannot decode is read as Latin-1 rather than refused. */
export function decodeCharset(bytes: Buffer, charset: string): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}

const quotedBytes = (text: string): Buffer =>
  Buffer.from(
    text.replace(/=([0-9A-Fa-f]{2})/g, (_match, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    ),
    'latin1',
  );

/** RFC 2045 quoted-printable, from a string of one byte a character. */
export function decodeQuotedPrintable(text: string): Buffer {
  const lines = text.split(/\r?\n/).map((line) => line.trimEnd());
  return quotedBytes(lines.join('\r\n').replaceAll('=\r\n', ''));
}

const wordPattern = /=\?([\w-]+)(?:\*[\w-]*)?\?([BbQq])\?([^?]*)\?=/g;

/** RFC 2047 encoded words. Neighbours of one charset are joined as bytes first: some mailers cut characters in two. */
export function decodeWords(text: string): string {
  const joined = text.replace(/(\?=)\s+(?==\?[\w-]+(?:\*[\w-]*)?\?[BbQq]\?)/g, '$1');
  let decoded = '';
  let end = 0;
  let bytes = Buffer.alloc(0);
  let charset = '';
  const flush = (): void => {
    if (bytes.length > 0) decoded += decodeCharset(bytes, charset);
    bytes = Buffer.alloc(0);
  };
  for (const match of joined.matchAll(wordPattern)) {
    const [word, wordCharset = '', encoding = '', content = ''] = match;
    if (match.index > end || wordCharset.toLowerCase() !== charset) flush();
    decoded += joined.slice(end, match.index);
    charset = wordCharset.toLowerCase();
    const isBase64 = encoding.toLowerCase() === 'b';
    bytes = Buffer.concat([
      bytes,
      isBase64 ? Buffer.from(content, 'base64') : quotedBytes(content.replaceAll('_', ' ')),
    ]);
    end = match.index + word.length;
  }
  flush();
  return decoded + joined.slice(end);
}

/** Reads a header block (bytes as Latin-1 characters). Lines that are no header are passed over. */
export function parseHeaders(block: string): MailHeaders {
  const headers: Record<string, string[]> = Object.create(null);
  for (const line of block.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon < 1) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = decodeWords(Buffer.from(line.slice(colon + 1).trim(), 'latin1').toString('utf8'));
    (headers[name] ??= []).push(value);
  }
  return headers;
}

export const firstHeader = (headers: MailHeaders, name: string): string => headers[name]?.[0] ?? '';

/** A value like `text/plain; charset="utf-8"`: the part before the semicolon, lower-case, and one parameter. */
export function parseParameterised(
  value: string,
  parameter: string,
): { readonly value: string; readonly parameter: string } {
  const match = new RegExp(`;\\s*${parameter}\\s*=\\s*(?:"([^"]*)"|([^;\\s]+))`, 'i').exec(value);
  return {
    value: (value.split(';')[0] ?? '').trim().toLowerCase(),
    parameter: match?.[1] ?? match?.[2] ?? '',
  };
}
