// Searches the names of the static site: all words of the box must stand in a name.
// The names come from names.js, so that this works from a disk, too.
"use strict";

(() => {
  const MOST = 100;
  const form = document.querySelector("form.search");
  const box = form.elements.q;
  const line = document.getElementById("said");
  const place = document.getElementById("found");

  // As the live page takes a text apart: names are pasted from logs and from pages.
  const wordsOf = (text) => text.toLowerCase().split(/[\s/:#.›>]+/).filter(Boolean);

  // Jobs, and tests with their jobs, in the order in which they are shown.
  const jobs = TRACKER_NAMES.map(([name, folder]) => ({
    name, folder, text: name.toLowerCase(),
  }));
  const tests = TRACKER_NAMES.flatMap(([job, folder, rows]) => rows.map(([key, name, suites, variant]) => ({
    job, folder, key, name, suites, variant,
    text: `${suites.join(" ")} ${name} ${variant}`.toLowerCase(),
  })));

  function having(rows, words) {
    const found = [];
    for (const row of rows) {
      if (words.every((word) => row.text.includes(word)) && found.push(row) > MOST) break;
    }
    return found;
  }

  function element(tag, text, ...children) {
    const made = document.createElement(tag);
    if (text) made.textContent = text;
    made.append(...children);
    return made;
  }

  function link(address, text) {
    const made = element("a", text);
    made.href = address;
    return made;
  }

  function list(title, rows, shown) {
    if (!rows.length) return [];
    const items = rows.slice(0, MOST).map((row) => element("li", "", ...shown(row)));
    const made = element("ul", "", ...items);
    made.className = "plain";
    return [element("h2", title), made];
  }

  function shownTest(row) {
    const where = element("span", [...row.suites, row.variant].filter(Boolean).join(" › "));
    where.className = "suite";
    const test = link(`${row.folder}cases/${row.key}/index.html`, row.name || "(no name)");
    return [test, " ", where, " in ", link(`${row.folder}index.html`, row.job)];
  }

  function counted(rows, one) {
    const number = Math.min(rows.length, MOST);
    return `${rows.length > MOST ? "the first " : ""}${number} ${number === 1 ? one : `${one}s`}`;
  }

  function look() {
    const words = wordsOf(box.value);
    const [ofJobs, ofTests] = words.length ? [having(jobs, words), having(tests, words)] : [[], []];
    line.textContent = words.length
      ? `Names with all of these words: ${counted(ofJobs, "job")} and ${counted(ofTests, "test")}.`
      : "Parts of the name of a test or a job find it.";
    place.replaceChildren(
      ...list("Jobs", ofJobs, (row) => [link(`${row.folder}index.html`, row.name)]),
      ...list("Tests", ofTests, shownTest),
    );
  }

  form.hidden = false;
  box.addEventListener("input", look);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    look();
  });
  look();
})();
