const PATHS = {
  chevron: "M4 6l4 4 4-4",
  wrap: "M2 4h12M2 8h9.5a2.5 2.5 0 010 5H8m2-2l-2 2 2 2M2 12h3",
  sun: "M8 5.2a2.8 2.8 0 100 5.6 2.8 2.8 0 000-5.6zM8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8L13 13M13 3l-1.2 1.2M4.2 11.8L3 13",
  moon: "M13.5 9.8A6 6 0 016.2 2.5a6 6 0 107.3 7.3z",
  system: "M2 3h12v8H2zM5.5 14h5M8 11v3",
  down: "M8 3v9.5M4 9l4 4 4-4",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  close: "M4 4l8 8M12 4l-8 8",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  user: "M8 2a3 3 0 100 6 3 3 0 000-6zM2.5 14a5.5 5.5 0 0111 0",
} as const;

/** A small line drawing; whatever it stands for is also said in words beside it. */
export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
