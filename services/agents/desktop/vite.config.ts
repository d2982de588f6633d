import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The agents service serves `dist` under /desk/, and its index.html at /.
export default defineConfig({
  base: "/desk/",
  plugins: [react()],
  build: { target: "es2023", outDir: "dist", sourcemap: false, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  worker: { format: "es" },
});
