/** The JetStream topology: one stream per owner, one NATS subject per event type. */
import type { EventOwner } from './envelope.ts';

/** `prefix` keeps installations that share a NATS server apart. */
export function streamName(prefix: string, owner: EventOwner): string {
  return `${prefix}-${owner}`;
}

/** Every subject of an owner's stream. */
export function streamSubjects(prefix: string, owner: EventOwner): string[] {
  return [`${prefix}.${owner}.>`];
}

/** The subject on which events of a type are published, for example `ordergraph.inventory.stock.held`. */
export function eventSubject(prefix: string, owner: EventOwner, type: string): string {
  return `${prefix}.${owner}.${type}`;
}

/** The subjects of events of a type, whoever owns it: for those who know no owners. */
export function anyonesSubject(prefix: string, type: string): string {
  return `${prefix}.*.${type}`;
}
