import { createHash, randomBytes } from "node:crypto";

/** New tokens by name, and the configuration that makes them known; each is for its user, or for who has its name. */
export function tokensFor(entries) {
  const tokens = {};
  let config = "";
  for (const [name, { user = name, workspaces = ["*"], rights = ["read"] }] of Object.entries(entries)) {
    tokens[name] = `log_${randomBytes(24).toString("base64url")}`;
    const sha256 = createHash("sha256").update(tokens[name]).digest("hex");
    config += `[[token]]\nname = "${name}"\nuser = "${user}"\nsha256 = "${sha256}"\n`;
    config += `workspaces = ${JSON.stringify(workspaces)}\nrights = ${JSON.stringify(rights)}\n\n`;
  }
  return { tokens, config };
}

/** Those of most tests: two users of one workspace each, one of them with two tokens, and the test itself. */
export function twoUsers() {
  return tokensFor({
    "ann-laptop": { user: "ann", workspaces: ["etl"] },
    "ann-phone": { user: "ann", workspaces: ["etl"] },
    bob: { workspaces: ["billing"] },
    operator: { rights: ["read", "append", "operate"] },
  });
}

/** Signs in where the page asks for it. */
export async function signIn(page, token) {
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
}
