// Copying tables, and opening what is folded for print and for links. Everything can be read without it.
"use strict";

// A spreadsheet would compute text that begins like a formula; real minus signs would make numbers text.
const NUMBER = /^[-+]?\d[\d.,]*%?$/;
const plain = (cell) => {
  const text = cell.textContent.replace(/\s+/g, " ").trim().replace(/^\u2212(?=\d)/, "-");
  return /^[=+@-]/.test(text) && !NUMBER.test(text) ? "'" + text : text;
};

function copy(table) {
  const rows = [...table.rows].map((row) =>
    [...row.cells].flatMap((cell) => [plain(cell), ...Array(cell.colSpan - 1).fill("")]));
  const copied = document.createElement("table");
  for (const row of rows) {
    const line = copied.insertRow();
    for (const text of row) line.insertCell().textContent = text;
  }
  const put = (event) => {
    event.preventDefault();
    event.clipboardData.setData("text/plain", rows.map((row) => row.join("\t")).join("\n"));
    event.clipboardData.setData("text/html", copied.outerHTML);
  };
  document.addEventListener("copy", put, { once: true });
  // The older of two ways: it also works in a file that was opened from a mail.
  return document.execCommand("copy");
}

const told = document.getElementById("copied");
for (const button of document.querySelectorAll(".copy")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    told.textContent = "";
    if (copy(button.parentElement.querySelector("table"))) told.textContent = told.dataset.said;
  });
}

const folded = document.querySelectorAll("details");
addEventListener("beforeprint", () => folded.forEach((one) => {
  one.dataset.was = one.open ? "open" : "";
  one.open = true;
}));
addEventListener("afterprint", () => folded.forEach((one) => { one.open = one.dataset.was === "open"; }));

function reveal() {
  const aim = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const around = aim && aim.closest("details");
  if (around && !around.open) {
    around.open = true;
    aim.scrollIntoView();
  }
}
addEventListener("hashchange", reveal);
reveal();
