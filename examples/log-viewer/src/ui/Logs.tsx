import { type ReactNode, useEffect } from "react";
import type { Session } from "../session/session";
import { Header } from "./Header";
import { Picker } from "./Picker";
import { SearchBar } from "./SearchBar";
import { Unlisted } from "./Unlisted";
import { useCatalogue } from "./useCatalogue";
import { useSearch } from "./useSearch";
import { Viewer } from "./Viewer";

/** What to show is chosen at the top, and shown below. */
export function Logs(props: { session: Session; settings: ReactNode; wrap: boolean; signIn: ReactNode }) {
  const { session, settings, wrap, signIn } = props;
  const catalogue = useCatalogue(session);
  const { search, visit, change: look } = useSearch();
  const { workspace, workflow } = catalogue.selection;

  useEffect(() => {
    document.title = workflow === "" ? "Logs" : `${workflow} · ${workspace}`;
    return () => {
      document.title = "Logs";
    };
  }, [workspace, workflow]);

  const picker = <Picker catalogue={catalogue} />;

  if (workspace === "" || workflow === "") {
    return (
      <div className="page">
        <Header picker={picker} settings={settings} />
        {signIn ? (
          <main className="entrance">{signIn}</main>
        ) : (
          <main className="empty">
            <Unlisted catalogue={catalogue} />
          </main>
        )}
      </div>
    );
  }
  return (
    <Viewer
      key={JSON.stringify([workspace, workflow])}
      session={session}
      workspace={workspace}
      workflow={workflow}
      search={search}
      searchBar={<SearchBar key={visit} search={search} onChange={look} />}
      wrap={wrap}
      picker={picker}
      settings={settings}
      signIn={signIn}
    />
  );
}
