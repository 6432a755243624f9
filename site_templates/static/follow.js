// Follows a page that changes: asks for it again every few seconds, and puts in what is new.
// It stops when the page that comes is not to be followed any more: then the build has finished.
"use strict";

(() => {
  const SECONDS = 5;
  const SECONDS_AT_MOST = 300;
  const PATIENCE_MS = 30000;
  const line = document.getElementById("follow");
  const address = location.href.split("#")[0];
  let etag = "";
  let failures = 0;
  let timer = 0;
  let isOver = false;
  let isAsking = false;

  // What is said is read aloud, so nothing is said twice.
  function say(text) {
    if (line.textContent !== text) line.textContent = text;
  }

  function wait() {
    clearTimeout(timer);
    if (isOver || document.hidden) return;
    timer = setTimeout(ask, 1000 * Math.min(SECONDS * 2 ** failures, SECONDS_AT_MOST));
  }

  async function ask() {
    if (isAsking) return;
    isAsking = true;
    try {
      const headers = etag ? { "If-None-Match": etag } : {};
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const answer = await fetch(address, { cache: "no-store", headers, signal });
      if (answer.status === 200) show(await answer.text(), answer.headers.get("ETag") || "");
      else if (answer.status !== 304) throw new Error(`it answered ${answer.status}`);
      failures = 0;
      say(isOver
        ? "The build runs no more. This page shows how it ended, and follows it no longer."
        : "This page follows the build: what is new comes by itself.");
    } catch {
      failures += 1;
      say("The tracker does not answer now. This page tries again.");
    } finally {
      isAsking = false;
      wait();
    }
  }

  function show(html, tag) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const main = fresh.getElementById("main");
    if (!main) throw new Error("it answered with another page");
    replace(document.getElementById("main"), main);
    document.title = fresh.title;
    etag = tag;
    isOver = !fresh.getElementById("follow");
  }

  // Puts in the new content, and leaves the reader where they were.
  function replace(old, fresh) {
    const [x, y] = [scrollX, scrollY];
    const focused = old.contains(document.activeElement) ? place(old, document.activeElement) : null;
    for (const details of old.querySelectorAll("details[id]")) {
      const twin = fresh.querySelector(`#${CSS.escape(details.id)}`);
      if (twin) twin.open = details.open;
    }
    old.replaceChildren(...fresh.childNodes);
    if (focused) (found(old, focused) || old).focus({ preventScroll: true });
    scrollTo({ left: x, top: y, behavior: "instant" });
  }

  // Where an element is: the how-manyth of those that it is like.
  function place(root, element) {
    if (element === root) return null;
    const href = element.getAttribute("href");
    const tag = element.localName;
    let like = href === null ? tag : `${tag}[href="${CSS.escape(href)}"]`;
    if (tag === "summary") like = `#${CSS.escape(element.parentElement.id)} > summary`;
    return { like, index: [...root.querySelectorAll(like)].indexOf(element) };
  }

  function found(root, { like, index }) {
    const all = root.querySelectorAll(like);
    return all[index] || all[all.length - 1];
  }

  document.addEventListener("visibilitychange", () => {
    if (isOver) return;
    if (document.hidden) clearTimeout(timer);
    else ask();
  });
  say("This page follows the build: what is new comes by itself.");
  wait();
})();
