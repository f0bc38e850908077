// Makes src/generated.ts: the types of the contract, and of each operation in src/operations.graphql a document that knows its variables and its answer.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { codegen } from '@graphql-codegen/core';
import * as typedDocumentNode from '@graphql-codegen/typed-document-node';
import * as typescript from '@graphql-codegen/typescript';
import * as operations from '@graphql-codegen/typescript-operations';
import { parse } from 'graphql';

const contract = new URL('../../graph/', import.meta.url);
const sdl = readdirSync(contract)
  .filter((name) => name.endsWith('.graphqls'))
  .sort()
  .map((name) => readFileSync(new URL(name, contract), 'utf8'))
  .join('\n');
const asked = new URL('src/operations.graphql', import.meta.url);

const made = await codegen({
  filename: 'src/generated.ts',
  schema: parse(sdl),
  documents: [{ location: asked.pathname, document: parse(readFileSync(asked, 'utf8')) }],
  config: {
    enumsAsTypes: true,
    useTypeImports: true,
    onlyOperationTypes: true,
    strictScalars: true,
    scalars: { DateTime: 'string', Date: 'string', Money: 'string', Percent: 'string', JSON: 'unknown', Upload: 'never' },
  },
  plugins: [{ typescript: {} }, { operations: {} }, { typedDocumentNode: {} }],
  pluginMap: { typescript, operations, typedDocumentNode },
});
writeFileSync(new URL('src/generated.ts', import.meta.url), made);
