// Reads workflows by GitHub's own parser. Arguments: the folder of the package, then files. One JSON line per file: its errors.
import { readFileSync } from "node:fs";
import { register } from "node:module";
import { pathToFileURL } from "node:url";

// The package imports JSON without saying so, which Node refuses.
const hook = `export async function resolve(specifier, context, next) {
  const found = await next(specifier, context);
  return found.url.endsWith(".json") ? { ...found, importAttributes: { type: "json" } } : found;
}
export async function load(url, context, next) {
  return next(url, url.endsWith(".json") ? { ...context, importAttributes: { type: "json" } } : context);
}`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);

const [folder, ...files] = process.argv.slice(2);
const parser = await import(pathToFileURL(`${folder}/dist/index.js`).href);
for (const name of files) {
  const found = parser.parseWorkflow({ name, content: readFileSync(name, "utf8") }, new parser.NoOperationTraceWriter());
  if (found.value) {
    await parser.convertWorkflowTemplate(found.context, found.value); // it adds what only the whole shows, such as needs
  }
  const errors = found.context.errors.getErrors().map((error) => error.message ?? error.rawMessage ?? String(error));
  console.log(JSON.stringify({ file: name, errors }));
}
