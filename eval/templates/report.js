// Search and sort the questions of a report. Without scripts, the page shows all of them in order.
"use strict";
const tools = document.getElementById("tools");
const search = document.getElementById("search");
const sort = document.getElementById("sort");
const shown = document.getElementById("shown");
const list = document.getElementById("questions");
const questions = [...list.children];
const texts = new Map(questions.map((one) => [one, one.textContent.toLowerCase()]));
const rank = { bad: 0, open: 1, good: 2 };
const orders = {
  set: () => 0,
  outcome: (one) => rank[one.dataset.kind],
  time: (one) => -Number(one.dataset.ms),
  confidence: (one) => Number(one.dataset.confidence || 2),
};

function find() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const one of questions) {
    one.hidden = !words.every((word) => texts.get(one).includes(word));
    count += !one.hidden;
  }
  shown.textContent = words.length ? `${count} of ${questions.length} hold these words` : "";
}

function order() {
  const key = orders[sort.value];
  const at = new Map(questions.map((one, number) => [one, number]));
  list.append(...[...questions].sort((a, b) => key(a) - key(b) || at.get(a) - at.get(b)));
}

search.addEventListener("input", find);
sort.addEventListener("change", order);
tools.hidden = false;
find();
order();
