/**
 * The name of a caller's bucket. It is a keyed hash: whoever reads Redis learns neither a customer nor an address, of
 * which there are too few for a plain hash to hide them.
 */
import { createHmac } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Caller } from '../request.ts';

const prefix = 'ordergraph:rate:';

/**
 * @param address of the client, for callers that nothing else is known of
 * @param secret the installation's
 */
export function callerKey({ partner, identity }: Caller, address: string, secret: string): string {
  const owner = partner
    ? `partner ${partner.id}`
    : identity.subject === null
      ? `address ${networkOf(address)}`
      : `subject ${identity.subject}`;
  const hash = createHmac('sha256', secret).update(`rate limit ${owner}`).digest('base64url');
  return prefix + hash.slice(0, 27);
}

/** A client of IPv6 has a whole network of addresses: they count as one. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  return mapped ?? ipv6Groups(address).slice(0, 4).join(':');
}

/** The eight groups, without leading zeros. */
function ipv6Groups(address: string): readonly string[] {
  const [head = '', tail] = address.toLowerCase().split('%', 1).join('').split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const first = groups(head);
  const last = groups(tail ?? '');
  const missing = tail === undefined ? 0 : 8 - first.length - last.length;
  const all = [...first, ...Array.from({ length: Math.max(0, missing) }, () => '0'), ...last];
  return all.map((group) => group.replace(/^0+(?=.)/, ''));
}
