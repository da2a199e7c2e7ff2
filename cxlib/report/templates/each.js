// Sorting by any column, and finding a row by its name. Everything can be read without it.
"use strict";

const body = document.querySelector("tbody");
const rows = [...body.rows];
const heads = [...document.querySelectorAll("thead th")].filter((head) => head.querySelector(".head"));
const names = new Intl.Collator(document.documentElement.lang, { numeric: true });
const name = (row) => row.cells[0].textContent.trim();

// What is withheld or missing has no data-sort, and stands last whichever way the others are sorted.
function order(head, place, up) {
  const sign = up ? 1 : -1;
  if (head.dataset.kind === "name") return [...rows].sort((a, b) => sign * names.compare(name(a), name(b)));
  const told = (row) => row.cells[place] && row.cells[place].dataset.sort;
  const there = rows.filter((row) => told(row) !== undefined);
  there.sort((a, b) => sign * (told(a) - told(b)));
  return [...there, ...rows.filter((row) => told(row) === undefined)];
}

heads.forEach((head, place) => {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "sort";
  const words = head.querySelector(".head");
  words.replaceWith(button);
  button.append(words);
  button.addEventListener("click", () => {
    const was = head.getAttribute("aria-sort");
    // Names begin with A, numbers with the greatest.
    const up = was ? was === "descending" : head.dataset.kind === "name";
    heads.forEach((one) => one.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    body.append(...order(head, place, up));
  });
});

const filter = document.getElementById("filter");
if (filter) {
  const said = document.getElementById("found");
  // Ha Noi finds Hà Nội, and da finds Đà.
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/[đĐ]/g, "d").toLowerCase();
  const whole = new Map(rows.map((row) => [row, plain(name(row))]));
  filter.closest("p").hidden = false;
  filter.addEventListener("input", () => {
    const wanted = plain(filter.value.trim());
    rows.forEach((row) => { row.hidden = !whole.get(row).includes(wanted); });
    const left = rows.filter((row) => !row.hidden).length;
    said.textContent = wanted ? said.dataset.said.replace("{n}", left).replace("{all}", rows.length) : "";
  });
}
