import { viewerOf } from "../session/standing";
import { Header } from "./Header";
import { Logs } from "./Logs";
import { Settings } from "./Settings";
import { SignIn } from "./SignIn";
import { UserMenu } from "./UserMenu";
import { usePreferences } from "./usePreferences";
import { useSession } from "./useSession";

/** The page: the logs, for whoever may see them, or the way to sign in. */
export function App() {
  const [session, standing] = useSession();
  const [preferences, change] = usePreferences();
  const viewer = viewerOf(standing);
  const settings = (
    <Settings preferences={preferences} onChange={change}>
      {standing.is === "in" && <UserMenu caller={standing} onSignOut={() => void session.signOut()} />}
    </Settings>
  );

  if (viewer !== null) {
    const panel = standing.is === "out" && <SignIn session={session} out={standing} />;
    // Nothing of one user's log is ever on another one's page.
    return <Logs key={viewer} session={session} settings={settings} wrap={preferences.wrap} signIn={panel} />;
  }
  return (
    <div className="page">
      <Header settings={settings} />
      {standing.is === "out" && (
        <main className="entrance">
          <SignIn session={session} out={standing} />
        </main>
      )}
    </div>
  );
}
