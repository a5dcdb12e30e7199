"""Export: what ``datasets`` and TRL make of the recorded outcomes."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_model import save_tiny_model

from hawk_xdsl.cli import main
from hawk_xdsl.knowledge_store import AttemptVerdict, KnowledgeStore, Message, Outcome
from hawk_xdsl.language_model.local_model import LocalModel
from hawk_xdsl.language_model.model_files import SMOLLM, find_model
from hawk_xdsl.language_model.sampling import Sampling

pytestmark = pytest.mark.model

CHAT = "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{% endfor %}"

RIGHT = Outcome(
    run_id="run-1",
    spec_hash="5bec",
    spec_text="x0: f32[64]\ny0: f32[64] out\nfor i0 < 64\ny0[i0] = exp(x0[i0])",
    target="ascend910b1",
    verdict=AttemptVerdict.ACCEPTED,
    source="template",
    kernel_text="across i in 0..64 step 64 {\n}\n",
    cycles=900,
    bottleneck="mte2",
    entries=("whole-tiles", "instruction-exp"),
)
SLOW = replace(RIGHT, kernel_text="across i in 0..64 step 8 {\n}\n", cycles=2000)
WRONG = replace(
    RIGHT,
    verdict=AttemptVerdict.REJECTED,
    kernel_text="across i in 0..64 step 128 {\n}\n",
    cycles=None,
    trap_code="capacity",
    trap_message="ub needs 262144 of 196608 bytes",
)
ASKED = replace(
    RIGHT,
    run_id="run-2",
    spec_hash="0ddb",
    target="ascend950",
    prompt=(Message("user", "What the model was shown."),),
)
UNFINISHED = replace(WRONG, verdict=AttemptVerdict.UNFINISHED, kernel_text="across i in")


@pytest.fixture
def outcomes(store: Path) -> None:
    with KnowledgeStore(store) as opened:
        for outcome in (WRONG, SLOW, RIGHT, WRONG, UNFINISHED, ASKED):
            opened.record_outcome(outcome)


def export(
    monkeypatch: pytest.MonkeyPatch, path: Path, form: str, *options: str
) -> list[dict[str, list[dict[str, str]]]]:
    """The rows that ``hawk knowledge export`` writes."""
    command = ["hawk", "knowledge", "export", "--format", form, "-o", str(path), *options]
    monkeypatch.setattr("sys.argv", command)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (None, 0)
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.usefixtures("outcomes")
def test_chats_answer_with_the_fastest_right_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [row["messages"] for row in export(monkeypatch, tmp_path / "sft.jsonl", "sft")]
    assert [row[-1] for row in rows[:2]] == [
        {"role": "assistant", "content": RIGHT.kernel_text}
    ] * 2
    alone, repair, asked = (row[-2]["content"] for row in rows)
    assert RIGHT.spec_text in alone and "vexp" in alone and "196608 bytes" in alone
    assert WRONG.kernel_text.strip() in repair and "ub needs 262144" in repair
    assert "vexp" not in asked and asked == "What the model was shown."


@pytest.mark.usefixtures("outcomes")
def test_preferences_are_right_before_wrong_and_faster_before_slower(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = export(monkeypatch, tmp_path / "dpo.jsonl", "dpo")
    assert {row["chosen"][0]["content"] for row in rows} == {RIGHT.kernel_text}
    assert [row["rejected"][0]["content"] for row in rows] == [WRONG.kernel_text, SLOW.kernel_text]


@pytest.mark.usefixtures("outcomes")
def test_a_run_and_a_target_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(export(monkeypatch, tmp_path / "a.jsonl", "sft", "--run", "run-2")) == 1
    assert len(export(monkeypatch, tmp_path / "b.jsonl", "sft", "--target", "ascend910b1")) == 2


@pytest.mark.parametrize("options", [("--format", "csv"), ("--run", "nothing")])
def test_nothing_to_export_is_an_error_and_leaves_the_file(
    options: tuple[str, str], tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows.jsonl"
    monkeypatch.setattr("sys.argv", ["hawk", "knowledge", "export", "-o", str(path), *options])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1


def trained(trainer: Any) -> bool:
    """Whether one step of a trainer changed the model."""
    model = trainer.model
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    trainer.train()
    return any(not torch.equal(before[name], value) for name, value in model.named_parameters())


@pytest.mark.usefixtures("outcomes")
def test_lora_on_smollm2_gives_a_model_that_writes_kernels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The example of docs/knowledge.md, with two steps."""
    from datasets import load_dataset
    from peft import LoraConfig
    from trl import SFTConfig, SFTTrainer  # pyright: ignore[reportPrivateImportUsage]

    export(monkeypatch, tmp_path / "sft.jsonl", "sft")
    rows = load_dataset("json", data_files=str(tmp_path / "sft.jsonl"), split="train")
    trainer = SFTTrainer(
        model=str(find_model(SMOLLM).directory),
        train_dataset=rows,
        peft_config=LoraConfig(),
        args=SFTConfig(
            output_dir=str(tmp_path / "adapter"),
            max_steps=2,
            per_device_train_batch_size=1,
            report_to=[],
            use_cpu=True,
            bf16=False,
        ),
    )
    assert trained(trainer)
    trainer.model.merge_and_unload().save_pretrained(tmp_path / "model")  # pyright: ignore[reportCallIssue, reportOptionalMemberAccess]
    trainer.processing_class.save_pretrained(tmp_path / "model")  # pyright: ignore[reportOptionalMemberAccess]
    tuned = LocalModel.load(find_model(str(tmp_path / "model")))
    grammar = 'start: "b0 = " ("vexp" | "vabs") " b0\\n"'
    assert tuned.propose("exp", grammar, Sampling(candidates=1))[0].finished


@pytest.mark.usefixtures("outcomes")
def test_trl_trains_on_preferences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from datasets import load_dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import DPOConfig, DPOTrainer  # pyright: ignore[reportPrivateImportUsage]

    export(monkeypatch, tmp_path / "dpo.jsonl", "dpo")
    rows = load_dataset("json", data_files=str(tmp_path / "dpo.jsonl"), split="train")
    save_tiny_model(tmp_path / "model", chat_template=CHAT, context=2048)
    trainer = DPOTrainer(
        model=AutoModelForCausalLM.from_pretrained(tmp_path / "model"),
        processing_class=AutoTokenizer.from_pretrained(tmp_path / "model"),
        train_dataset=rows,
        args=DPOConfig(
            output_dir=str(tmp_path / "out"), max_steps=1, report_to=[], use_cpu=True, bf16=False
        ),
    )
    assert trained(trainer)
