import { Icon } from "./Icon";
import type { Catalogue } from "./useCatalogue";

/** Chooses a workspace and one of its workflows. */
export function Picker({ catalogue }: { catalogue: Catalogue }) {
  const { selection, workspaces, workflows, choose, refresh } = catalogue;
  return (
    <nav className="picker" aria-label="What is shown">
      <Choice
        label="Workspace"
        value={selection.workspace}
        options={workspaces}
        onOpen={refresh}
        onChoose={(workspace) => choose({ workspace, workflow: "" })}
      />
      <span className="picker-slash" aria-hidden="true">
        /
      </span>
      <Choice
        label="Workflow"
        value={selection.workflow}
        options={workflows}
        onOpen={refresh}
        onChoose={(workflow) => choose({ workspace: selection.workspace, workflow })}
      />
    </nav>
  );
}

function Choice(props: {
  label: string;
  value: string;
  options: string[];
  onOpen(): void;
  onChoose(value: string): void;
}) {
  const { label, value, options } = props;
  // A link may name a workflow that has no lines yet.
  const all = value === "" || options.includes(value) ? options : [value, ...options];
  return (
    <label className="choice">
      <span className="hidden">{label}</span>
      <select
        value={value}
        disabled={all.length === 0}
        onFocus={props.onOpen}
        onChange={(event) => props.onChoose(event.target.value)}
      >
        {all.length === 0 && <option value="">{label}</option>}
        {all.map((option) => (
          <option key={option}>{option}</option>
        ))}
      </select>
      <Icon name="chevron" />
    </label>
  );
}
