import type { ReactNode } from "react";
import icon from "./icon.svg";

/** The bar at the top: what is shown, how its connection stands, and how it looks. */
export function Header(props: {
  picker?: ReactNode;
  searchBar?: ReactNode;
  connection?: ReactNode;
  settings: ReactNode;
}) {
  return (
    <header className="bar">
      <img className="brand" src={icon} alt="" width={24} height={24} />
      {props.picker}
      {props.searchBar}
      <div className="bar-end">
        {props.connection}
        {props.settings}
      </div>
    </header>
  );
}
