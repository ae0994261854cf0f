// Called by build.sh, in the folder where the packages are: node build.mjs APP.js WIT WORLD OUT.wasm
//
// All features of the engine are off, so that the component imports nothing but what it uses of the world.
import { writeFile } from 'node:fs/promises';
import { componentize } from '@bytecodealliance/componentize-js';

const [sourcePath, witPath, worldName, out] = process.argv.slice(2);
const { component } = await componentize({
  sourcePath,
  witPath,
  worldName,
  disableFeatures: ['stdio', 'random', 'clocks', 'http', 'fetch-event'],
});
await writeFile(out, component);
