(() => {
  let kept = null;
  try { kept = localStorage.getItem("goru-theme"); } catch { /* a page opened from a file may have no storage */ }
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = kept ?? (dark ? "dark" : "light");
})();
