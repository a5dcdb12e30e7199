"""What proposers need of a language model: loaded here, or behind a server on this machine."""

from collections.abc import Callable, Sequence
from typing import Protocol

from hawk_xdsl.knowledge_store.records import Message
from hawk_xdsl.language_model.prompt import Prompt, PromptFormat, PromptRequest
from hawk_xdsl.language_model.sampling import Judge, Proposal, Sampling


class TextModel(Protocol):
    """A model that writes texts of a grammar after a prompt."""

    @property
    def name(self) -> str:
        """The model as the user called it, with what tells it from others."""
        ...

    @property
    def prompt_format(self) -> PromptFormat:
        """How the model wants to be asked."""
        ...

    @property
    def words(self) -> frozenset[str] | None:
        """The words that a kernel model was taught; ``None`` for any other model."""
        ...

    def prompt(self, request: PromptRequest) -> Prompt:
        """The prompt in the model's format, of its lengths. Raises ``PromptTooLong``."""
        ...

    def propose(
        self,
        prompt: str | Sequence[Message],
        grammar: str,
        sampling: Sampling = ...,
        *,
        deadline_seconds: float = ...,
        judge: Callable[[], Judge] | None = None,
    ) -> list[Proposal]:
        """Texts that continue the prompt. Raises ``HawkError`` if the model fails."""
        ...
