import { RequestId } from "./RequestId";
import type { Catalogue } from "./useCatalogue";
import { useSecondsUntil } from "./useSecondsUntil";

/** Stands where a log would, while there is none to choose. */
export function Unlisted({ catalogue }: { catalogue: Catalogue }) {
  const { trouble, refresh } = catalogue;
  const seconds = useSecondsUntil(trouble?.until ?? undefined);
  if (trouble === null) {
    return (
      <div role="status">
        <h1>No logs yet</h1>
        <p>As soon as a workflow writes its first line, it can be chosen here.</p>
      </div>
    );
  }
  return (
    <>
      <div role="status">
        <h1>{trouble.forbidden ? "You may not see this workspace" : "The logs could not be listed"}</h1>
        <p>{trouble.words}</p>
      </div>
      <p>
        {seconds !== undefined && `Trying again ${seconds > 0 ? `in ${seconds} s` : "now"}. `}
        <button type="button" className="notice-act" onClick={refresh}>
          Try again
        </button>
      </p>
      <RequestId facts={trouble.facts} />
    </>
  );
}
