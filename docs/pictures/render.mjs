// Blocks on standard input become a page on standard output that looks as Slack would show them.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import React from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { Message } from "slack-blocks-to-jsx";

const require = createRequire(import.meta.url);
const style = readFileSync(require.resolve("slack-blocks-to-jsx/dist/style.css"), "utf8");
const messages = JSON.parse(readFileSync(0, "utf8"));
const shown = messages.map(({ name, blocks }) =>
  renderToStaticMarkup(
    React.createElement(Message, { blocks, name, time: new Date(), logo: "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 36 36'%3E%3Crect width='36' height='36' rx='8' fill='%231f3a5f'/%3E%3Ctext x='18' y='25' font-size='20' fill='white' text-anchor='middle' font-family='serif'%3E1%3C/text%3E%3C/svg%3E" }),
  ),
);
process.stdout.write(
  `<!doctype html><meta charset="utf-8"><style>${style}
   body { margin: 0; padding: 16px; width: 728px; background: white; }</style>${shown.join("\n")}`,
);
