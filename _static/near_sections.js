/* A page that starts at its top shows the sections near the screen first (book.css). The others
   follow here, one at a time, whenever the browser has nothing else to do: all within a second or
   two. */
addEventListener("load", () => {
  if (!document.documentElement.dataset.starts) return; // all are there
  const sections = [...document.querySelectorAll(".bd-article > section > section")];
  const later = window.requestIdleCallback ?? setTimeout;
  const layOut = (section) => (section.style.contentVisibility = "visible");
  const next = () => {
    if (sections.length) {
      layOut(sections.shift());
      later(next);
    } else {
      dispatchEvent(new Event("resize")); // the theme asks all code again whether it scrolls
    }
  };
  later(next);
  // Whoever jumps to a section lands there only if those before it have their true height.
  addEventListener("click", (event) => {
    if (event.target.closest?.('a[href^="#"]')) sections.splice(0).forEach(layOut);
  });
});
