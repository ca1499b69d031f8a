"""The page of `footnote slack try`: one file, no address but its own."""

from typing import Final

GREETING: Final = """<article class="bot"><i>1</i><div><b class="who">Footnote</b>
<div><p>{words}</p><p class="prompts">{prompts}</p></div></div></article>"""

PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Footnote</title>
<style nonce="{nonce}">
  :root {{ color-scheme: light dark; --ink: #1d1c1d; --pale: #616061; --line: #dddddd;
          --paper: #ffffff; --accent: #1264a3; --soft: #f8f8f8; }}
  @media (prefers-color-scheme: dark) {{ :root {{ --ink: #d1d2d3; --pale: #9a9b9d;
          --line: #3a3d41; --paper: #1a1d21; --accent: #6ab0f3; --soft: #222529; }} }}
  * {{ box-sizing: border-box; }}
  body {{ margin: 0; font: 15px/1.47 Lato, "Segoe UI", system-ui, sans-serif; color: var(--ink);
         background: var(--paper); display: flex; flex-direction: column; height: 100vh; }}
  header {{ padding: 12px 20px; border-bottom: 1px solid var(--line); font-weight: 700; }}
  header span {{ color: var(--pale); font-weight: 400; margin-left: 8px; }}
  main {{ flex: 1; overflow-y: auto; padding: 16px 20px; }}
  article {{ display: grid; grid-template-columns: 36px 1fr; gap: 0 10px; max-width: 760px;
            margin: 0 0 18px; }}
  article > i {{ width: 36px; height: 36px; border-radius: 8px; background: #1f3a5f; color: #fff;
                font: 700 19px/36px Georgia, serif; text-align: center; }}
  article.you > i {{ background: #5b7f5a; }}
  article b.who {{ display: block; margin-bottom: 2px; }}
  p {{ margin: 0 0 4px; white-space: pre-wrap; overflow-wrap: anywhere; }}
  blockquote {{ margin: 2px 0 8px; padding-left: 12px; border-left: 4px solid var(--line);
               white-space: pre-wrap; }}
  pre, code {{ font: 12.5px/1.5 ui-monospace, Menlo, monospace; background: var(--soft);
              border: 1px solid var(--line); border-radius: 4px; }}
  pre {{ padding: 8px; overflow-x: auto; }}
  code {{ padding: 1px 4px; }}
  table {{ border-collapse: collapse; margin: 6px 0; }}
  th, td {{ border: 1px solid var(--line); padding: 4px 10px; text-align: left; }}
  details {{ border: 1px solid var(--line); border-radius: 8px; padding: 8px 12px; margin: 8px 0; }}
  summary {{ cursor: pointer; font-weight: 700; }}
  details[open] summary {{ margin-bottom: 8px; }}
  small {{ color: var(--pale); font-size: 12.5px; }}
  a {{ color: var(--accent); }}
  form {{ display: flex; gap: 8px; padding: 12px 20px 20px; }}
  input {{ flex: 1; font: inherit; color: inherit; background: var(--paper); padding: 10px 12px;
          border: 1px solid var(--line); border-radius: 8px; }}
  input:focus {{ outline: 2px solid var(--accent); }}
  button {{ font: 700 15px/1 inherit; color: #fff; background: #1f3a5f; border: 0;
           border-radius: 8px; padding: 0 18px; cursor: pointer; }}
  .working {{ color: var(--pale); animation: breathe 1.6s ease-in-out infinite; }}
  @keyframes breathe {{ 50% {{ opacity: .45; }} }}
  .prompts {{ display: flex; flex-wrap: wrap; gap: 8px; margin: 8px 0 0; }}
  .prompt {{ font: inherit; font-size: 14px; color: var(--accent); background: none;
            border: 1px solid var(--line); border-radius: 16px; padding: 5px 14px; }}
  .prompt:hover, .prompt:focus-visible {{ background: var(--soft); }}
</style>
<header>Footnote<span>this machine alone sees this page</span></header>
<main id="talk" aria-live="polite">{hello}</main>
<form id="ask"><input id="text" autocomplete="off" autofocus maxlength="4000"
  aria-label="Your question" placeholder="Ask about your documents"><button>Ask</button></form>
<script nonce="{nonce}">
  const talk = document.getElementById("talk");
  function say(who, letter, kind) {{
    const box = document.createElement("article");
    box.className = kind;
    const sign = document.createElement("i");
    sign.textContent = letter;
    const words = document.createElement("div");
    const name = document.createElement("b");
    name.className = "who";
    name.textContent = who;
    const body = document.createElement("div");
    words.append(name, body);
    box.append(sign, words);
    talk.append(box);
    talk.scrollTop = talk.scrollHeight;
    return body;
  }}
  async function ask(text) {{
    const mine = document.createElement("p");
    mine.textContent = text;
    say("You", "Y", "you").append(mine);
    const body = say("Footnote", "1", "bot");
    const growing = document.createElement("p");
    growing.className = "working";
    growing.textContent = "is reading the documents…";
    body.append(growing);
    try {{
      const reply = await fetch("/ask", {{ method: "POST", headers: {{ "X-Footnote": "{token}" }},
                                          body: text }});
      if (!reply.ok) throw new Error(reply.status);
      const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {{
        const {{ value, done }} = await reader.read();
        if (done) break;
        rest += value;
        const lines = rest.split("\\n");
        rest = lines.pop();
        for (const line of lines) show(JSON.parse(line), body, growing);
      }}
    }} catch (error) {{
      growing.textContent = "The bot cannot be reached: is the command still running?";
    }}
    talk.scrollTop = talk.scrollHeight;
  }}
  function show(event, body, growing) {{
    if ("html" in event) {{ body.innerHTML = event.html; body.dataset.whole = "yes"; return; }}
    if (growing.className) {{ growing.className = ""; growing.textContent = ""; }}
    growing.textContent += (growing.textContent ? " " : "") + event.sentence;
  }}
  document.getElementById("ask").addEventListener("submit", (event) => {{
    event.preventDefault();
    const field = document.getElementById("text");
    const text = field.value.trim();
    field.value = "";
    if (text) ask(text);
  }});
  for (const prompt of document.querySelectorAll(".prompt"))
    prompt.addEventListener("click", () => ask(prompt.textContent));
  const first = new URLSearchParams(location.search).get("q");
  if (first) ask(first);
</script>
"""
