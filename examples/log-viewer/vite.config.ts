import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  // The page may lie below a path, behind a proxy.
  base: "./",
  server: { proxy: { "/wfm": "http://127.0.0.1:8080" } },
  build: { target: "es2022", modulePreload: { polyfill: false }, reportCompressedSize: true },
  test: { include: ["test/**/*.test.{ts,tsx}"], environment: "node" },
});
