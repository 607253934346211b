/**
 * Composes the subgraphs' SDL files into `supergraph.graphql` (what the router loads) and `api.graphql` (what clients
 * see). With `--check` nothing is written, and a difference from the committed files is an error.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { composeServices } from '@apollo/composition';
import { parse, printSchema } from 'graphql';
import { subgraphs } from './subgraphs.ts';

const folder = new URL('./', import.meta.url);

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
}

if (import.meta.main) await main(process.argv.includes('--check'));
