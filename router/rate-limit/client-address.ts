/**
 * The address that a request comes from. `X-Forwarded-For` can be written by anybody: it is believed only as far as it
 * was written by proxies that the configuration names.
 */
import { BlockList, isIP, isIPv6 } from 'node:net';

export type ClientAddress = (
  remote: string | undefined,
  forwardedFor: string | readonly string[] | undefined,
) => string;

/**
 * Makes the function that finds the address: of those in the header, and the one that the connection comes from, the last
 * that is no trusted proxy's.
 * @param trusted addresses and networks, such as `10.0.0.0/8`
 */
export function createClientAddress(trusted: readonly string[]): ClientAddress {
  const proxies = new BlockList();
  for (const entry of trusted) addTo(proxies, entry);
  const isProxy = (address: string): boolean =>
    proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  return (remote, forwardedFor) => {
    const connected = plain(remote ?? '');
    if (trusted.length === 0 || isIP(connected) === 0 || !isProxy(connected)) return connected;
    const header = Array.isArray(forwardedFor)
      ? forwardedFor.join(',')
      : String(forwardedFor ?? '');
    let client = connected;
    for (const entry of header.split(',').toReversed()) {
      const address = plain(entry.trim());
      if (isIP(address) === 0) break;
      client = address;
      if (!isProxy(address)) break;
    }
    return client;
  };
}

/** Whether an entry of the configuration is an address or a network. */
export function isAddressOrNetwork(entry: string): boolean {
  const [address = '', bits, ...rest] = entry.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return (
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
  );
}

function addTo(list: BlockList, entry: string): void {
  const [address = '', bits] = entry.split('/');
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  if (bits === undefined) list.addAddress(address, family);
  else list.addSubnet(address, Number(bits), family);
}

/** Without a port, and an IPv4 address that is written as one of IPv6 as what it is. */
function plain(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped) return mapped;
  return (
    /^\[(.+)\](?::\d+)?$/.exec(address)?.[1] ?? address.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
  );
}
