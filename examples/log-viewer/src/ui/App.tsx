import { useEffect } from "react";
import { Header } from "./Header";
import { Picker } from "./Picker";
import { SearchBar } from "./SearchBar";
import { Settings } from "./Settings";
import { useCatalogue } from "./useCatalogue";
import { usePreferences } from "./usePreferences";
import { useSearch } from "./useSearch";
import { Viewer } from "./Viewer";

/** The page: what to show is chosen at the top, and shown below. */
export function App() {
  const catalogue = useCatalogue();
  const [preferences, change] = usePreferences();
  const { search, visit, change: look } = useSearch();
  const { workspace, workflow } = catalogue.selection;

  useEffect(() => {
    document.title = workflow === "" ? "Logs" : `${workflow} · ${workspace}`;
  }, [workspace, workflow]);

  const picker = <Picker catalogue={catalogue} />;
  const settings = <Settings preferences={preferences} onChange={change} />;

  if (workspace === "" || workflow === "") {
    return (
      <div className="page">
        <Header picker={picker} settings={settings} />
        <main className="empty" role="status">
          {catalogue.trouble === null ? (
            <>
              <h1>No logs yet</h1>
              <p>As soon as a workflow writes its first line, it can be chosen here.</p>
            </>
          ) : (
            <>
              <h1>The logs could not be listed</h1>
              <p>{catalogue.trouble} Trying again every few seconds.</p>
            </>
          )}
        </main>
      </div>
    );
  }
  return (
    <Viewer
      key={JSON.stringify([workspace, workflow])}
      workspace={workspace}
      workflow={workflow}
      search={search}
      searchBar={<SearchBar key={visit} search={search} onChange={look} />}
      wrap={preferences.wrap}
      picker={picker}
      settings={settings}
    />
  );
}
