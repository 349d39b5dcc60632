import { Icon } from "./Icon";
import type { Follow } from "./useFollow";

/** Lies over the end of the lines while they are held, says how many came since, and goes on to them. */
export function PausedButton({ unseen, onResume }: { unseen: number; onResume(): void }) {
  const news = unseen === 1 ? "1 new line" : `${unseen.toLocaleString("en")} new lines`;
  return (
    <button type="button" className="paused" onClick={onResume} title="Go on to the newest line (End)">
      <Icon name="pause" />
      <span>Paused</span>
      <span className="paused-news" data-unseen={unseen}>
        {news}
      </span>
      <span className="paused-resume">
        Resume <Icon name="down" />
      </span>
    </button>
  );
}

/** Says in the footer whether the tail is followed, and switches it. */
export function FollowButton({ follow }: { follow: Follow }) {
  const { following } = follow;
  return (
    <button
      type="button"
      className="foot-follow"
      aria-pressed={following}
      onClick={following ? follow.pause : follow.resume}
    >
      <Icon name={following ? "down" : "pause"} />
      {following ? "Following" : "Paused"}
    </button>
  );
}
