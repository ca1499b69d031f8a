// Messages and windows on standard input become a page that looks as Slack would show them.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import React from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { Message } from "slack-blocks-to-jsx";

const require = createRequire(import.meta.url);
const style = readFileSync(require.resolve("slack-blocks-to-jsx/dist/style.css"), "utf8");
const logo =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 36 36'%3E%3Crect width='36' height='36' rx='8' fill='%231f3a5f'/%3E%3Ctext x='18' y='25' font-size='20' fill='white' text-anchor='middle' font-family='serif'%3E1%3C/text%3E%3C/svg%3E";
const escape = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

function message(blocks, name) {
  return renderToStaticMarkup(React.createElement(Message, { blocks, name, time: new Date(2026, 10, 2, 14, 30), logo }));
}

// What only windows have, slack-blocks-to-jsx does not know; a plain form shows it.
function field({ label, element, optional }) {
  const title = `<b>${escape(label.text)}</b>${optional ? " <i>(optional)</i>" : ""}`;
  const options = (element.options ?? []).map((option) => {
    const kind = element.type === "checkboxes" ? "checkbox" : "radio";
    const on = (element.initial_options ?? []).some((o) => o.value === option.value);
    return `<label><input type="${kind}"${on ? " checked" : ""}> ${escape(option.text.text)}</label>`;
  });
  const value = escape(element.initial_value ?? element.initial_user ?? "");
  const text = element.multiline ? `<textarea rows="4">${value}</textarea>` : `<input class="line" value="${value}">`;
  return `<div class="field">${title}${options.length ? options.join("") : text}</div>`;
}

function view({ title, submit, close, blocks, type }) {
  const inside = blocks
    .map((block) => (block.type === "input" ? field(block) : `<div class="bare">${message([block], "")}</div>`))
    .join("");
  if (type === "home") return `<div class="home">${inside}</div>`;
  const buttons = [close && `<span>${escape(close.text)}</span>`, submit && `<span class="go">${escape(submit.text)}</span>`];
  return `<div class="window"><h1>${escape(title.text)}</h1>${inside}<footer>${buttons.filter(Boolean).join("")}</footer></div>`;
}

const shown = JSON.parse(readFileSync(0, "utf8")).map((item) =>
  item.view ? view(item.view) : message(item.blocks, item.name),
);
process.stdout.write(
  `<!doctype html><meta charset="utf-8"><style>${style}
   body { margin: 0; padding: 16px; width: 728px; background: white; font: 15px/1.46 Lato, "DejaVu Sans", sans-serif; }
   .window { border: 1px solid #ddd; border-radius: 8px; width: 520px; box-shadow: 0 4px 14px #0002; }
   .window h1 { font-size: 22px; margin: 0; padding: 18px 24px; border-bottom: 1px solid #eee; }
   .field, .window .bare { padding: 10px 24px; } .field label { display: block; margin-top: 6px; }
   .field i { color: #616061; font-style: normal; }
   .field .line, .field textarea { display: block; width: 100%; box-sizing: border-box; margin-top: 6px; font: inherit;
     border: 1px solid #bbb; border-radius: 4px; padding: 8px 10px; }
   .window footer { display: flex; gap: 10px; justify-content: end; padding: 14px 24px; border-top: 1px solid #eee; }
   .window footer span { border: 1px solid #bbb; border-radius: 4px; padding: 6px 14px; font-weight: 700; }
   .window footer .go { background: #007a5a; border-color: #007a5a; color: white; }
   .home { width: 640px; }
   .bare section > .shrink-0, .bare .slack_blocks_to_jsx--header { display: none !important; }
   section { margin-bottom: 18px; } .bare section { margin-bottom: 0; }
  </style>${shown.join("\n")}`,
);
