import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./ui/App";
import { recall } from "./ui/remember";
import { applyTheme } from "./ui/usePreferences";
import "./ui/styles/theme.css";
import "./ui/styles/page.css";
import "./ui/styles/log.css";
import "./ui/styles/session.css";

// Before anything is drawn, so that nothing flashes in the other theme.
applyTheme(recall().theme);

const root = document.getElementById("root");
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
