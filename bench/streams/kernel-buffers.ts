/** What the kernel keeps for a connection whose reader does not read. It is not the router's, but it is this machine's. */
import { readFileSync } from 'node:fs';

const pageBytes = 4_096;

/** Where the kernel does not say, a guess that is rather too large. */
export function sendBufferBytes(): number {
  return numbersIn('tcp_wmem').at(-1) ?? 4 * 1024 * 1024;
}

/** How many connections may be filled without taking more than a quarter of what the kernel gives all of them. */
export function stalledMax(): number {
  const [, pressurePages = Infinity] = numbersIn('tcp_mem');
  return Math.floor((pressurePages * pageBytes) / 4 / sendBufferBytes());
}

function numbersIn(setting: string): number[] {
  try {
    const text = readFileSync(`/proc/sys/net/ipv4/${setting}`, 'utf8');
    return text.trim().split(/\s+/).map(Number);
  } catch {
    return [];
  }
}
