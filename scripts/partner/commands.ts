/** The commands of `npm run partner`, on the router's database. Each gives the lines that it has to say. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { readConfig } from '@ordergraph/platform/config.ts';
import type { Database } from '@ordergraph/platform/database.ts';
import { routerConfiguration } from '@ordergraph/router/config.ts';
import { newApiKey, type NewApiKey } from '@ordergraph/router/partners/api-key.ts';
import {
  publishManifest,
  servedFaults,
  type LiveApi,
} from '@ordergraph/router/partners/publish-manifest.ts';
import { listManifests, rollBack } from '@ordergraph/router/store/manifests.ts';
import {
  addPartner,
  listPartners,
  partnerNamed,
  PartnerRefused,
  restorePartner,
  revokeKey,
  revokePartner,
  rotateKey,
} from '@ordergraph/router/store/partners.ts';
import { faultLine } from '@ordergraph/schema/manifests/committed-manifests.ts';
import { z } from 'zod';
import { table } from '../text-table.ts';
import type { Call } from './call.ts';
import { fieldUsageReport, usageReport } from './usage-report.ts';

export type Outcome = {
  readonly lines: readonly string[];
  /** What is wrong, for the error stream; the command has failed if there is any. */
  readonly faults?: readonly string[];
};

const { shape } = routerConfiguration;
const configuration = z.object({
  SUPERGRAPH_FILE: shape.SUPERGRAPH_FILE,
  OPERATION_LIMITS: shape.OPERATION_LIMITS,
});

type Environment = Readonly<Record<string, string | undefined>>;
type Asked<C extends Call['command']> = Extract<Call, { command: C }>;

/** @throws PartnerRefused, NotAManifest, ManifestRefused, ConfigurationError */
export async function run(
  call: Exclude<Call, { command: 'help' }>,
  sql: Database,
  environment: Environment,
): Promise<Outcome> {
  switch (call.command) {
    case 'add':
      return add(sql, call);
    case 'list':
      return list(sql);
    case 'rotate':
      return rotate(sql, call);
    case 'revoke':
      return revoke(sql, call);
    case 'restore':
      return restore(sql, call.name);
    case 'publish':
      return publish(sql, call, environment);
    case 'rollback':
      return rollback(sql, call, await liveApi(environment));
    case 'manifests':
      return manifests(sql, call.name);
    case 'usage':
      return { lines: await usageReport(sql, call.name, call.days) };
    case 'field-usage':
      return { lines: await fieldUsageReport(sql, call.field, call.days) };
    case 'check':
      return check(sql, await liveApi(environment));
  }
}

async function add(sql: Database, { name, plan, scopes }: Asked<'add'>): Promise<Outcome> {
  const key = newApiKey();
  await addPartner(sql, { name, plan, scopes }, key);
  const rights = scopes.length === 0 ? 'without scopes' : `with ${scopes.join(', ')}`;
  return shown(`${name} is a partner on the plan ${plan}, ${rights}.`, key);
}

async function rotate(sql: Database, { name, overlapSeconds }: Asked<'rotate'>): Promise<Outcome> {
  const key = newApiKey();
  await rotateKey(sql, name, { key, overlapSeconds });
  const end = new Date(Date.now() + overlapSeconds * 1_000).toISOString();
  return shown(
    overlapSeconds === 0
      ? `${name} has a new key, and no other any more.`
      : `${name} has a new key; older ones end at ${end} at the latest.`,
    key,
  );
}

async function revoke(sql: Database, { name, key }: Asked<'revoke'>): Promise<Outcome> {
  if (key !== undefined) {
    await revokeKey(sql, name, key);
    return { lines: [`The key ${key} of ${name} is good no more.`] };
  }
  await revokePartner(sql, name);
  return { lines: [`${name} is revoked: none of its keys is good any more.`] };
}

async function restore(sql: Database, name: string): Promise<Outcome> {
  const key = newApiKey();
  await restorePartner(sql, name, key);
  return shown(`${name} may call again.`, key);
}

/** The key stands alone on the last line, for programs to take. */
function shown(line: string, { key }: NewApiKey): Outcome {
  return { lines: [line, 'This is its API key, shown this once (header X-API-Key):', key] };
}

async function list(sql: Database): Promise<Outcome> {
  const partners = await listPartners(sql);
  if (partners.length === 0) return { lines: ['There are no partners.'] };
  const rows = partners.map((partner) => [
    partner.name,
    partner.status === 'ACTIVE' ? 'active' : 'revoked',
    partner.plan,
    partner.scopes.join(' ') || '–',
    partner.activeVersion === null
      ? 'none'
      : `version ${partner.activeVersion}, ${partner.operationCount} operations`,
    partner.keys
      .map(({ prefix, endsAt }) => (endsAt ? `${prefix} until ${minute(endsAt)}` : prefix))
      .join(', ') || '–',
  ]);
  return { lines: [table(['Partner', 'status', 'plan', 'scopes', 'manifest', 'keys'], rows)] };
}

async function publish(
  sql: Database,
  { name, file }: Asked<'publish'>,
  environment: Environment,
): Promise<Outcome> {
  const api = await liveApi(environment);
  const text = await manifestText(file, environment);
  const publication = await publishManifest(sql, api, { partner: name, text });
  const { version, changed, dropped, operationCount } = publication;
  if (!changed) return { lines: [`${name} is served just that already, as version ${version}.`] };
  return {
    lines: [
      `${name} is served version ${version} with ${operationCount} operations from now on.`,
      ...(dropped.length > 0 ? [`No longer served: ${dropped.join(', ')}.`] : []),
    ],
  };
}

/** npm changes to the project's folder, and tells from which one it was called. */
async function manifestText(file: string, { INIT_CWD: calledFrom = '.' }: Environment) {
  for (const path of [file, resolve(calledFrom, file)]) {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) return text;
  }
  throw new PartnerRefused(`${file} cannot be read.`);
}

/** Going back must always be possible; what the API no longer serves is told. */
async function rollback(
  sql: Database,
  { name, version }: Asked<'rollback'>,
  api: LiveApi,
): Promise<Outcome> {
  const { from, to } = await rollBack(sql, name, version);
  const { faults } = await servedFaults(sql, api);
  const broken = faults.filter((fault) => fault.partner === name);
  return {
    lines: [
      `${name} is served version ${to} again, in place of ${from === null ? 'none' : from}.`,
      ...(broken.length > 0 ? ['The API does not serve all of it any more:'] : []),
      ...broken.map((fault) => faultLine(fault)),
    ],
  };
}

async function manifests(sql: Database, name: string): Promise<Outcome> {
  const { id } = await partnerNamed(sql, name);
  const versions = await listManifests(sql, id);
  if (versions.length === 0) return { lines: [`${name} has published nothing.`] };
  const rows = versions.map((one) => [
    String(one.version),
    one.form,
    String(one.operationCount),
    minute(one.publishedAt.toISOString()),
    one.active ? 'served' : '',
  ]);
  return { lines: [table(['Version', 'form', 'operations', 'published', 'state'], rows)] };
}

async function check(sql: Database, api: LiveApi): Promise<Outcome> {
  const { operationCount, faults } = await servedFaults(sql, api);
  if (faults.length === 0) {
    return {
      lines: [`The API serves all ${operationCount} operations that partners have published.`],
    };
  }
  return { lines: [], faults: faults.map((fault) => faultLine(fault)) };
}

/** The API that the router serves, and its limits. @throws ConfigurationError */
async function liveApi(environment: Environment): Promise<LiveApi> {
  const { SUPERGRAPH_FILE, OPERATION_LIMITS: limits } = readConfig(configuration, environment);
  // Loaded only here: it takes longer than all that the other commands do.
  const { buildSupergraph, readSupergraph } = await import('@ordergraph/router/supergraph.ts');
  const { apiSchema } = buildSupergraph(await readSupergraph(SUPERGRAPH_FILE), {});
  return { schema: apiSchema, limits };
}

function minute(time: string): string {
  return new Date(time).toISOString().slice(0, 16).replace('T', ' ');
}
