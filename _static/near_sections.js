/* A page shows the sections near the screen first (book.css). The others follow here, one at a time,
   whenever the browser has nothing else to do; after a second or two nothing is left out. */
addEventListener("load", () => {
  const sections = [...document.querySelectorAll(".bd-article > section > section")];
  const later = window.requestIdleCallback ?? setTimeout;
  const layOut = () => {
    const section = sections.shift();
    if (section) {
      section.style.contentVisibility = "visible";
      later(layOut);
    } else {
      dispatchEvent(new Event("resize")); // the theme asks all code again whether it scrolls
    }
  };
  later(layOut);
});
