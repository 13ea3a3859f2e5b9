// Makes times local, and shows new mail without a reload. Everything else works without it.
"use strict";
(() => {
  const LOOK_EVERY_MS = 1500;

  function localTimes(root) {
    const today = new Date().toDateString();
    const language = document.documentElement.lang;
    const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
    const day = new Intl.DateTimeFormat(language, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
    const whole = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" });
    for (const time of root.querySelectorAll("time[datetime]")) {
      const at = new Date(time.dateTime);
      time.textContent = (at.toDateString() === today ? clock : day).format(at);
      time.title = `${whole.format(at)}\n${time.dateTime}`;
    }
  }

  localTimes(document);
  const list = document.querySelector("[data-mark]");
  if (!list) return;

  async function look() {
    // A page that nobody looks at asks for nothing.
    if (document.hidden) return;
    const newest = await fetch(list.dataset.newest, { cache: "no-store" });
    if (!newest.ok || (await newest.text()) === list.dataset.mark) return;
    const page = await fetch(location.href, { cache: "no-store" });
    const fresh = new DOMParser().parseFromString(await page.text(), "text/html").querySelector("[data-mark]");
    if (!fresh) return;
    const focused = list.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    const known = new Set([...list.querySelectorAll("a.row")].map((row) => row.getAttribute("href")));
    localTimes(fresh);
    list.replaceChildren(...fresh.childNodes);
    list.dataset.mark = fresh.dataset.mark;
    for (const row of list.querySelectorAll("a.row")) {
      if (!known.has(row.getAttribute("href"))) row.classList.add("is-new");
      if (row.getAttribute("href") === focused) row.focus();
    }
  }

  const quietly = () => look().catch(() => {});
  setInterval(quietly, LOOK_EVERY_MS);
  document.addEventListener("visibilitychange", quietly);
})();
