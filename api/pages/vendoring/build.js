// Builds api/pages/static/vendor from the locked packages: the same lock file gives the same bytes.
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const here = new URL(".", import.meta.url).pathname;
const out = `${here}../static/vendor/`;
const manifest = (name) => JSON.parse(readFileSync(`${here}node_modules/${name}/package.json`, "utf8"));

const bundled = await build({
  entryPoints: [`${here}codemirror.js`],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  legalComments: "none",
  metafile: true,
  absWorkingDir: here,
  outfile: `${out}codemirror.min.js`,
});
const inside = new Set();
for (const path of Object.keys(bundled.metafile.inputs)) {
  const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path);
  if (found) inside.add(found[1]);
}
copyFileSync(`${here}node_modules/htmx.org/dist/htmx.min.js`, `${out}htmx.min.js`);
copyFileSync(`${here}node_modules/@knadh/oat/oat.min.css`, `${out}oat.min.css`);

const files = {
  "codemirror.min.js": [...inside].sort(),
  "htmx.min.js": ["htmx.org"],
  "oat.min.css": ["@knadh/oat"],
};
const lock = Object.entries(files).map(([file, names]) => ({
  file,
  sha256: createHash("sha256").update(readFileSync(out + file)).digest("hex"),
  packages: names.map((name) => {
    const { version, license } = manifest(name);
    return { name, version, licence: license };
  }),
}));
const source = createHash("sha256");
for (const name of ["codemirror.js", "package-lock.json"]) source.update(readFileSync(here + name));
writeFileSync(
  `${out}vendor.lock.json`,
  `${JSON.stringify({ source: source.digest("hex"), files: lock }, null, 2)}\n`,
);

const licences = Object.values(files).flat().map((name) => {
  const folder = `${here}node_modules/${name}/`;
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  const text = file && existsSync(folder + file) ? readFileSync(folder + file, "utf8").trim() : manifest(name).license;
  return `${name} ${manifest(name).version}\n\n${text}\n`;
});
writeFileSync(`${out}LICENCES.txt`, `${licences.join(`\n${"-".repeat(72)}\n\n`)}`);
