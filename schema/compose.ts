/**
 * Composes the subgraphs' SDL files into `supergraph.graphql` (what the router loads) and `api.graphql` (what clients
 * see). With `--check` nothing is written, and a difference from the committed files is an error. Either way it fails
 * if an operation that a partner has published could no longer be run, or would give something else.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { composeServices } from '@apollo/composition';
import { buildSchema, parse, printSchema } from 'graphql';
import {
  checkCommittedManifests,
  faultLine,
  recordTypes,
} from './manifests/committed-manifests.ts';
import { subgraphs } from './subgraphs.ts';

const folder = new URL('./', import.meta.url);
const manifests = new URL('partners/', folder);

export type Composition = { supergraphSdl: string; apiSdl: string };

/**
 * Composes the SDL files beside this one.
 * @throws Error listing every composition fault.
 */
export async function compose(): Promise<Composition> {
  const services = await Promise.all(
    subgraphs.map(async ({ name, url }) => ({
      name,
      url,
      typeDefs: parse(await readFile(new URL(`${name}.graphql`, folder), 'utf8')),
    })),
  );
  const result = composeServices(services);
  if (result.errors) {
    throw new Error(`The subgraphs do not compose:\n${result.errors.map(String).join('\n')}`);
  }
  const apiSdl = printSchema(result.schema.toAPISchema().toGraphQLJSSchema());
  return { supergraphSdl: result.supergraphSdl, apiSdl: `${apiSdl}\n` };
}

async function main(check: boolean): Promise<void> {
  const { supergraphSdl, apiSdl } = await compose();
  const files = { 'supergraph.graphql': supergraphSdl, 'api.graphql': apiSdl };
  for (const [name, text] of Object.entries(files)) {
    const location = new URL(name, folder);
    if (!check) {
      await writeFile(location, text);
      process.stdout.write(`schema/${name} written\n`);
    } else if ((await readFile(location, 'utf8').catch(() => '')) !== text) {
      process.stderr.write(
        `schema/${name} is not what the SDL files compose to: run "npm run codegen"\n`,
      );
      process.exitCode = 1;
    }
  }
  await checkManifests(check, apiSdl);
}

async function checkManifests(check: boolean, apiSdl: string): Promise<void> {
  for (const manifest of await checkCommittedManifests(manifests, buildSchema(apiSdl))) {
    const { partner, faults, types, recorded } = manifest;
    for (const fault of faults) process.stderr.write(`${faultLine({ partner, ...fault })}\n`);
    if (faults.length > 0) {
      process.stderr.write(
        `The schema breaks partner ${partner}: keep what it uses, or agree with the partner and change schema/partners/.\n`,
      );
      process.exitCode = 1;
    } else if (!check) await recordTypes(manifests, manifest);
    else if (JSON.stringify(types) !== JSON.stringify(recorded)) {
      process.stderr.write(
        `schema/partners/${partner}.types.json is not what its operations use: run "npm run codegen"\n`,
      );
      process.exitCode = 1;
    }
  }
}

if (import.meta.main) await main(process.argv.includes('--check'));
