/** What was used, as tables for people who are about to change the API or a manifest. */
import type { Database } from '@ordergraph/platform/database.ts';
import { operationsOf } from '@ordergraph/router/store/manifests.ts';
import { partnerNamed } from '@ordergraph/router/store/partners.ts';
import { fieldsUsedBy, operationsUsedBy, usersOfField } from '@ordergraph/router/store/usage.ts';
import { operationDigest } from '@ordergraph/router/usage/operation-digest.ts';
import { table } from '../text-table.ts';

/** @throws PartnerRefused if there is no such partner */
export async function usageReport(sql: Database, name: string, days: number): Promise<string[]> {
  const { id, activeVersion } = await partnerNamed(sql, name);
  const served = activeVersion === null ? [] : await operationsOf(sql, id, activeVersion);
  const used = await operationsUsedBy(sql, name, days);
  const digests = new Set(
    served.map((operation) => operationDigest(operation.name, operation.text)),
  );
  const ran = new Set(used.map(({ digest }) => digest));
  const rows = [
    ...used.map((one) => [
      one.name,
      one.type,
      String(one.requests),
      one.lastUsedAt.toISOString().slice(0, 16).replace('T', ' '),
      digests.has(one.digest) ? '' : 'no longer served',
    ]),
    ...served
      .filter((one) => !ran.has(operationDigest(one.name, one.text)))
      .map((one) => [one.name, one.type, '0', 'never', '']),
  ];
  if (rows.length === 0) return [`${name} has published nothing and run nothing.`];
  const fields = await fieldsUsedBy(sql, name, days);
  return [
    `What ${name} ran in the last ${days} days; the last seconds may be missing.`,
    '',
    table(['Operation', 'type', 'requests', 'last used', 'note'], rows),
    '',
    table(
      ['Field', 'requests', 'operations'],
      fields.map((one) => [one.field, String(one.requests), one.operations.join(', ')]),
    ),
  ];
}

export async function fieldUsageReport(
  sql: Database,
  field: string,
  days: number,
): Promise<string[]> {
  const users = await usersOfField(sql, field, days);
  if (users.length === 0) return [`Nobody used ${field} in the last ${days} days.`];
  const rows = users.map((one) => [
    one.name,
    one.partner || '–',
    one.client || '–',
    String(one.requests),
    one.lastUsedAt.toISOString().slice(0, 16).replace('T', ' '),
  ]);
  return [
    `Who used ${field} in the last ${days} days:`,
    '',
    table(['Operation', 'partner', 'client', 'requests', 'last used'], rows),
  ];
}
