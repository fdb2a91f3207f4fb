/* A page that starts at its top shows the sections near the screen first (book.css). The others
   follow here, one at a time, whenever the browser has nothing else to do: a chapter is there
   within a second or two, the page of questions with its 138 sections within three. */
// The theme asks which code scrolls. Not before the next picture: what has been shown or unfolded
// since the last one still counts as hidden.
const askAgain = () => requestAnimationFrame(() => dispatchEvent(new Event("resize")));
document.addEventListener("toggle", askAgain, true); // code in a fold is laid out when it opens
addEventListener("load", () => {
  if (!document.documentElement.dataset.starts) return; // all are there
  const all = document.querySelectorAll(
    ".bd-article > section > section, .bd-article > section > section > section",
  );
  const sections = [...all];
  const later = window.requestIdleCallback ?? setTimeout;
  const layOut = (section) => (section.style.contentVisibility = "visible");
  const next = () => {
    if (sections.length) {
      layOut(sections.shift());
      later(next);
    } else {
      askAgain();
    }
  };
  later(next);
  // Whoever jumps to a section lands there only if those before it have their true height.
  addEventListener("click", (event) => {
    if (event.target.closest?.('a[href^="#"]')) sections.splice(0).forEach(layOut);
  });
});
