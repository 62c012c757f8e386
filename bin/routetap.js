#!/usr/bin/env node
import { existsSync } from 'node:fs';
import module from 'node:module';

const bundle = new URL('../dist/routetap.mjs', import.meta.url);

if (existsSync(bundle)) {
  module.enableCompileCache?.();
  await import(bundle.href);
} else {
  process.stderr.write('routetap: not built in this checkout; run npm run build (or npm start)\n');
  process.exitCode = 1;
}
