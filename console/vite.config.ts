import { readFileSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import adapter from "@sveltejs/adapter-static";
import type { Adapter } from "@sveltejs/kit";
import { sveltekit } from "@sveltejs/kit/vite";
import { defineConfig } from "vite";

/**
 * Files only, none of them with a script inside: the server's policy for browsers allows scripts that are files, and no
 * others. So the few lines with which a page begins become one.
 */
function filesOnly(): Adapter {
  const files = adapter({ fallback: "index.html" });
  return {
    ...files,
    name: "files-only",
    async adapt(builder) {
      await files.adapt(builder);
      const page = readFileSync("build/index.html", "utf8");
      const [inside, script] = /<script>([^]*?)<\/script>/.exec(page) ?? [];
      if (inside === undefined || script === undefined) throw new Error("index.html has no script that begins");
      const name = `/console/_app/immutable/begin.${createHash("sha256").update(script).digest("hex").slice(0, 8)}.js`;
      writeFileSync(name.replace("/console", "build"), script);
      writeFileSync("build/index.html", page.replace(inside, `<script src="${name}"></script>`));
      await builder.compress("build");
    },
  };
}

export default defineConfig({
  plugins: [
    sveltekit({
      adapter: filesOnly(),
      compilerOptions: { runes: true },
      paths: { base: "/console" },
      // All pages are one script of some 50 kB: what is small is not made smaller by being cut up.
      output: { bundleStrategy: "single" },
      // The name of the script says which build it is; a time would make every build another one.
      version: { name: "console" },
    }),
  ],
});
