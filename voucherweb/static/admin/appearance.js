// Runs before the first paint, so that a dark page never flashes light.
(() => {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const paint = () => {
    if (root.dataset.appearance === "auto") {
      root.dataset.bsTheme = dark.matches ? "dark" : "light";
    }
    root.dataset.scripted = "";
  };
  dark.addEventListener("change", paint);
  paint();
  // Paper is white, whatever the screen is.
  let shown = "";
  window.addEventListener("beforeprint", () => {
    shown = root.dataset.bsTheme;
    root.dataset.bsTheme = "light";
  });
  window.addEventListener("afterprint", () => (root.dataset.bsTheme = shown));
})();
