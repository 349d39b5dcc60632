import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  // The page may lie below a path, behind a proxy.
  base: "./",
  server: { proxy: { "/wfm": "http://127.0.0.1:8080", "/session": "http://127.0.0.1:8080" } },
  // A picture within a script is a `data:` address, which the server's content security policy does not let in.
  build: {
    assetsInlineLimit: 0,
    target: "es2022",
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  test: { include: ["test/**/*.test.{ts,tsx}"], environment: "node" },
});
