import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

/** Where the pictures go. */
export const FOLDER =
  process.env.SCREENSHOTS ?? fileURLToPath(new URL("../../../target/screenshots", import.meta.url));

export const LOOKS = [
  { name: "dark", colorScheme: "dark", viewport: { width: 1280, height: 760 } },
  { name: "light", colorScheme: "light", viewport: { width: 1280, height: 760 } },
  { name: "phone", colorScheme: "dark", viewport: { width: 390, height: 844 } },
];

/** Fails where something is out of the window. */
export async function fits(page) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `the page is ${wide} px wider than its window`);
  const outside = await page.evaluate(
    () =>
      [...document.querySelectorAll("header *, footer *, .sign-in *")].filter((element) => {
        const { right, left } = element.getBoundingClientRect();
        return !element.closest(".hidden") && (right > innerWidth + 0.5 || left < 0);
      }).length,
  );
  assert.equal(outside, 0, "something in a bar is out of the window");
}
