import { inWords, Lost, SignedOut } from "../api/failure";
import { beginSession, endSession, whoAsks } from "../api/session";
import { Value } from "../log/value";
import { delayBefore } from "../stream/backoff";
import { known, lapsed, left, type Standing } from "./standing";
import { joinTabs, type Tabs } from "./tabs";

/** How long at least until a server that could not be reached is asked again who asks it. */
const AGAIN = 3_000;

/** A sign-in that lapses again so soon is not asked about again: the server says yes here and no there. */
const SOON = 10_000;

const LEFT = "You have signed out.";

/** Who is using this page, in this tab and the others. */
export class Session {
  readonly state = new Value<Standing>({ is: "asking" });
  readonly #page: string;
  #stopped = new AbortController();
  #tabs: Tabs | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts what was asked and done: an answer to what was asked before something newer counts no more. */
  #round = 0;
  /** How often it could not be asked, one after the other. */
  #failures = 0;
  #lapse: { failure: SignedOut; at: number } | undefined;
  /** Whether somebody has signed out. Then nobody is signed in but by hand. */
  #left = false;

  /** `page` is the address of the page. */
  constructor(page: string) {
    this.#page = page;
  }

  /** Asks who is signed in and listens to the other tabs, until what it returns is called. */
  start(): () => void {
    const stopped = new AbortController();
    this.#stopped = stopped;
    const tabs = joinTabs(this.#page, (word) => {
      if (word === "out") return this.#leave(LEFT);
      this.#left = false;
      void this.check();
    });
    this.#tabs = tabs;
    void this.check();
    return () => {
      stopped.abort();
      tabs.stop();
      this.#begin();
    };
  }

  /** Asks the server who is signed in. */
  async check(): Promise<void> {
    const round = this.#begin();
    try {
      const caller = await whoAsks(this.#stopped.signal);
      if (round !== this.#round) return;
      this.#failures = 0;
      this.state.set(known(caller));
    } catch (error) {
      if (round !== this.#round) return;
      const before = this.state.get();
      if (error instanceof SignedOut) return this.state.set(lapsed(before, error));
      // What hinders this hinders the log too, which says so.
      if (before.is === "asking") this.state.set({ is: "open" });
      if (before.is === "in" || !(error instanceof Lost)) return;
      const delay = delayBefore({ failures: this.#failures, retry: AGAIN, atLeast: error.atLeast });
      this.#failures += 1;
      this.#timer = setTimeout(() => void this.check(), delay);
    }
  }

  /** Somebody has come back to the page, perhaps from signing in elsewhere. */
  returned(): void {
    if (this.state.get().is === "out" && !this.#left) void this.check();
  }

  /** A request was refused until somebody signs in. */
  lapse(failure: SignedOut): void {
    if (this.#left || failure === this.#lapse?.failure) return;
    const before = this.#lapse;
    this.#lapse = { failure, at: Date.now() };
    this.#begin();
    this.state.set(lapsed(this.state.get(), failure));
    // Another tab may have signed in anew already; and the answer says how it can be done.
    if (before === undefined || Date.now() - before.at > SOON) void this.check();
  }

  /** Signs in. What hinders it is thrown, in words. */
  async signIn(token: string): Promise<void> {
    const round = this.#begin();
    await beginSession(token, this.#stopped.signal);
    const caller = await whoAsks(this.#stopped.signal).catch((error: unknown) => {
      if (!(error instanceof SignedOut) || error.ways.includes("proxy")) throw error;
      throw new Error("The server took the token, but this browser did not keep the cookie it was given.");
    });
    this.#tabs?.say("in");
    if (round !== this.#round) return;
    this.#left = false;
    this.#lapse = undefined;
    this.state.set(known(caller));
  }

  /** Signs out: here and in the other tabs at once, and then at the server. */
  async signOut(): Promise<void> {
    const round = this.#leave(LEFT);
    this.#tabs?.say("out");
    try {
      await endSession(this.#stopped.signal);
    } catch (error) {
      if (round !== this.#round) return;
      this.#leave(`The log is closed, but the server has not ended the session. ${inWords(error)}`, true);
    }
  }

  #leave(why: string, unfinished = false): number {
    this.#left = true;
    this.state.set(left(this.state.get(), why, unfinished));
    return this.#begin();
  }

  #begin(): number {
    clearTimeout(this.#timer);
    this.#round += 1;
    return this.#round;
  }
}
