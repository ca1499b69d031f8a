"""A language model that is a program: it reads the prompt on its input, and writes its reply.

Any class of LlamaIndex is a plug-in as it is; this one shows how to write one.
"""

import asyncio
import subprocess
from collections.abc import Sequence
from typing import Any

from llama_index.core.llms import (
    ChatMessage,
    ChatResponse,
    CompletionResponse,
    CompletionResponseGen,
    CustomLLM,
    LLMMetadata,
    MessageRole,
)
from llama_index.core.llms.callbacks import llm_chat_callback, llm_completion_callback


class CommandLLM(CustomLLM):
    """Runs a command for each prompt, without a shell.

    Attributes:
        command: The program and its arguments.
        timeout_s: Longest time for one reply.
    """

    command: list[str]
    timeout_s: float = 60.0

    @property
    def metadata(self) -> LLMMetadata:
        """Return its name; Footnote's settings say its limits."""
        return LLMMetadata(model_name=self.command[0])

    @llm_chat_callback()
    async def achat(self, messages: Sequence[ChatMessage], **_: Any) -> ChatResponse:  # noqa: ANN401 - as LlamaIndex calls it
        """Return what the program writes for *messages*: this is the method that Footnote calls."""
        process = await asyncio.create_subprocess_exec(
            *self.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(self.timeout_s):
                written, _ = await process.communicate(_prompt(messages))
        finally:
            if process.returncode is None:  # Footnote waits no longer, or the time is over
                process.kill()
                await process.wait()
        if process.returncode:
            raise RuntimeError(f"{self.command[0]} ended with status {process.returncode}")
        text = written.decode("utf-8", "replace").strip()
        return ChatResponse(message=ChatMessage(role=MessageRole.ASSISTANT, content=text))

    @llm_completion_callback()
    def complete(
        self,
        prompt: str,
        formatted: bool = False,  # noqa: FBT001, FBT002, ARG002 - as LlamaIndex calls it
        **_: Any,  # noqa: ANN401
    ) -> CompletionResponse:
        """Return what the program writes for *prompt*, for other users of LlamaIndex."""
        ended = subprocess.run(  # noqa: S603 - the command of the settings
            self.command,
            input=prompt.encode(),
            capture_output=True,
            timeout=self.timeout_s,
            check=True,
        )
        return CompletionResponse(text=ended.stdout.decode("utf-8", "replace").strip())

    @llm_completion_callback()
    def stream_complete(
        self,
        prompt: str,
        formatted: bool = False,  # noqa: FBT001, FBT002
        **rest: Any,  # noqa: ANN401
    ) -> CompletionResponseGen:
        """Yield the complete reply: the program's parts are not read one by one."""
        yield self.complete(prompt, formatted, **rest)


def _prompt(messages: Sequence[ChatMessage]) -> bytes:
    return "\n\n".join(message.content or "" for message in messages).encode()
