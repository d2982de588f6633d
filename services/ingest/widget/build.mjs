// Makes built/widget.js: one file, no source map, with a fingerprint of what it was made from on its first line.
// A test (tests/unit/ingest/test_widget_built.py) compares that fingerprint, so a stale build cannot be committed.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { build, transform } from "esbuild";

const sources = [...readdirSync("src").map((name) => `src/${name}`), ...readdirSync("words").map((name) => `words/${name}`), "build.mjs", "package-lock.json"].sort();
const digest = createHash("sha256");
for (const name of sources) digest.update(`${name}\0`).update(readFileSync(name)).update("\0");

const css = (await transform(readFileSync("src/style.css", "utf8"), { loader: "css", minify: true })).code.trim();
const made = await build({
  entryPoints: ["src/main.ts"],
  bundle: true,
  charset: "utf8",
  // Names of ours alone, and of Preact's alone, shortened throughout: no frame, no attribute of the tag and nothing of
  // the browser's is called so.
  mangleProps: /^(setOpen|setConsent|reachableAt|isTyping|seenAt|onToken|options|pending|shown|welcome|live|__\w+|get(DerivedState|SnapshotBefore|ChildContext)\w*|component(Did|Will)\w+|shouldComponentUpdate|contextType|forceUpdate|debounceRendering)$/,
  format: "iife",
  target: "es2022",
  minify: true,
  legalComments: "none",
  jsxFactory: "h",
  jsxFragment: "Fragment",
  define: { STYLE: JSON.stringify(css) },
  tsconfigRaw: {}, // its "strict" is for the types; the code is strict as it is
  write: false,
});
mkdirSync("built", { recursive: true });
writeFileSync("built/widget.js", `// Trunkline, Apache-2.0; Preact, MIT; ${digest.digest("hex").slice(0, 16)}\n${made.outputFiles[0].text}`);
