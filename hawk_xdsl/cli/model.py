"""``hawk model``: lessons, training, evaluation and adoption of a kernel model."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hawk_xdsl.cli.app import StoreOption, app
from hawk_xdsl.cli.console import open_console
from hawk_xdsl.cli.option_groups import grouped
from hawk_xdsl.cli.workplace import WorkplaceOptions
from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.boundary import writing
from hawk_xdsl.files.whole_file import write_whole
from hawk_xdsl.options import check_count, check_seed

if TYPE_CHECKING:
    from hawk_xdsl.knowledge_store import Entry
    from hawk_xdsl.training.generate import Order
    from hawk_xdsl.training.lesson import Lesson
    from hawk_xdsl.training.teacher import Teachers
    from hawk_xdsl.training.train import TrainingSettings

kernel_model = typer.Typer(
    help="Train a kernel model on kernels that passed the gate.", no_args_is_help=True
)
app.add_typer(kernel_model, name="model")

DataOption = Annotated[
    list[Path], typer.Option("--data", "-d", help="A directory of lessons; may be repeated.")
]
TargetsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        "-t",
        help="A target of the lessons, or its TOML file; may be repeated.",
        show_default="all packaged",
    ),
]
SeedOption = Annotated[int, typer.Option("--seed", "-s", help="Seeds everything that is drawn.")]
RateOption = Annotated[
    float | None,
    typer.Option(
        "--learning-rate",
        help="Initial learning rate; it decays to 0.",
        show_default="0.004; 0.001 to go on from a model",
    ),
]
ModelArgument = Annotated[Path, typer.Argument(help="A directory that hawk model train wrote.")]
OutputOption = Annotated[Path, typer.Option("--output", "-o", help="Where the result goes.")]


def _say(line: str) -> None:
    open_console().print(line, markup=False, highlight=False)


@kernel_model.command("generate")
@grouped
def generate_command(
    *,
    output: OutputOption,
    count: Annotated[int, typer.Option("--count", "-n", help="Random ops to draw.")] = 1000,
    seed: SeedOption = 0,
    target: TargetsOption = None,
    elements: Annotated[
        int | None, typer.Option(help="About the most elements per op, instead of a mix of sizes.")
    ] = None,
    store: StoreOption = None,
    where: WorkplaceOptions,
) -> None:
    """Draw random ops and write the lessons about them: kernels that passed the gate.

    What is there already is kept; a shard that is damaged or half-written is made again.
    """
    from hawk_xdsl.executors import open_executor
    from hawk_xdsl.knowledge_store import shared_store
    from hawk_xdsl.training.generate import SHARD, generate
    from hawk_xdsl.training.lesson_work import LessonWork, generate_elsewhere

    order = _order(count, seed, target)
    if elements is not None:
        order = replace(order, recipe=replace(order.recipe, elements={elements: 1}))

    def progress(done: int, of: int, fates: Counter[str]) -> None:
        if done % SHARD == 0 or done == of:
            _say(f"[{done}/{of}] {fates['right']} right, {fates['wrong']} wrong")

    entries, workplace = _entries(store), where.asked()
    if workplace is None:
        fates = generate(order, entries, output, progress)
    else:
        output.mkdir(parents=True, exist_ok=True)
        with open_executor(workplace, output) as executor:
            shared = shared_store(workplace, store)
            fates = generate_elsewhere(
                LessonWork(order, entries, shared), output, executor, progress
            )
    _say(", ".join(f"{number} {what}" for what, number in fates.most_common()))


@kernel_model.command("train")
def train_command(
    output: OutputOption,
    data: DataOption,
    minutes: Annotated[float, typer.Option(help="Time to train for.")] = 40.0,
    steps: Annotated[
        int | None, typer.Option(help="Steps instead of minutes: reproducible.")
    ] = None,
    shape: Annotated[
        str, typer.Option(help="small (0.9 million parameters) or standard (5 million).")
    ] = "standard",
    start: Annotated[Path | None, typer.Option(help="A model to go on from.")] = None,
    rate: RateOption = None,
    batch_tokens: Annotated[
        int, typer.Option(min=1024, help="Tokens per step; 32768 suits a GPU.")
    ] = 4096,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from a checkpoint.")] = False,
    seed: SeedOption = 0,
) -> None:
    """Train a model on lessons. Curves, model card and the prompt's form go with the weights."""
    from hawk_xdsl.training.dataset import split_of
    from hawk_xdsl.training.train import SHAPES, train

    if shape not in SHAPES:
        raise HawkError(f"--shape {shape}: expected one of {', '.join(SHAPES)}")
    recipe = replace(
        _recipe(minutes, steps, seed, rate, start), shape=SHAPES[shape], batch_tokens=batch_tokens
    )
    split = split_of(_lessons(data), seed)
    train(split, output, recipe, start=start, resume=resume, progress=_say)
    _say(f"trained: {output}")


@kernel_model.command("evaluate")
def evaluate_command(
    data: DataOption,
    model: Annotated[str | None, typer.Argument(help="A model; default: the one in use.")] = None,
    lessons: Annotated[int, typer.Option(help="Held-out lessons to answer.")] = 100,
    attempts: Annotated[int, typer.Option(help="Attempts at each.")] = 8,
    seed: SeedOption = 0,
    target: TargetsOption = None,
    store: StoreOption = None,
) -> None:
    """Let a model alone answer held-out lessons, and print how many kernels are right."""
    from hawk_xdsl.language_model.model_files import find_model
    from hawk_xdsl.training.evaluate import Score, by_band, evaluate

    _check_evaluation(lessons, attempts, seed)
    files, teachers = find_model(model), _teachers(store, target)
    chosen = _held_out(data, lessons, seed, teachers)
    answers = evaluate(files, chosen, teachers, attempts=attempts, seed=seed, progress=_say)
    _say(f"{files.name}: {Score.of(answers)}")
    for band, score in by_band(answers).items():
        _say(f"  {band} statements: {score}")
    traps = Counter(t.trap for a in answers for t in a.tries if t.trap is not None)
    _say("  refused: " + ", ".join(f"{count} {trap}" for trap, count in traps.most_common()))


@kernel_model.command("adopt")
def adopt_command(
    model: ModelArgument,
    data: DataOption,
    lessons: Annotated[int, typer.Option(help="Held-out lessons to compare on.")] = 100,
    attempts: Annotated[int, typer.Option(help="Attempts at each.")] = 8,
    target: TargetsOption = None,
    store: StoreOption = None,
) -> None:
    """Make a model the default if it is better than the one in use, and only then."""
    from hawk_xdsl.training.adopt import adopt

    _check_evaluation(lessons, attempts)
    teachers = _teachers(store, target)
    chosen = _held_out(data, lessons, 0, teachers)
    found = adopt(model, chosen, teachers, attempts=attempts, progress=_say)
    _say(f"adopted: {found.directory}")


@kernel_model.command("restore")
def restore_command() -> None:
    """Take the default back to the model that was in use before the last adoption."""
    from hawk_xdsl.training.adopt import restore

    _say(f"in use again: {restore()}")


@kernel_model.command("exclude")
def exclude_command(
    operators: Annotated[Path, typer.Argument(help="A suite, such as benchmarks/operators.py.")],
    output: OutputOption,
) -> None:
    """List the unseen operators of a suite, erased to their form: no lesson may be one."""
    from hawk_xdsl.bench.exclusion import unseen_keys
    from hawk_xdsl.bench.suite import load_suite

    found = unseen_keys(load_suite(operators), _say)
    with writing(output, "the list"):
        write_whole(output, json.dumps(found, indent=1, sort_keys=True) + "\n")
    _say(f"{len(found)} unseen operators: {output}")


def _recipe(
    minutes: float, steps: int | None, seed: int, rate: float | None, start: Path | None
) -> "TrainingSettings":
    from hawk_xdsl.training.train import GOING_ON_RATE, LEARNING_RATE, TrainingSettings

    if rate is None:
        rate = LEARNING_RATE if start is None else GOING_ON_RATE
    recipe = (
        TrainingSettings(seed, minutes=minutes) if steps is None else TrainingSettings(seed, steps)
    )
    return replace(recipe, learning_rate=rate)


def _order(count: int, seed: int, targets: list[str] | None) -> "Order":
    from hawk_xdsl.training.generate import Order

    order = Order(count, seed)
    return order if targets is None else replace(order, targets=dict.fromkeys(targets, 1))


def _entries(store: str | None) -> "tuple[Entry, ...]":
    """The package's knowledge and the store's, without what is out of use."""
    from hawk_xdsl.knowledge_store import KnowledgeStore, load_seed_entries

    with KnowledgeStore(store) as opened:
        return opened.in_use(load_seed_entries())


def _teachers(store: str | None, targets: list[str] | None) -> "Teachers":
    from hawk_xdsl.training.teacher import Teachers

    return Teachers(_entries(store), targets or ())


def _lessons(data: list[Path]) -> "list[Lesson]":
    from hawk_xdsl.training.generate import lessons_of

    return [lesson for directory in data for lesson in lessons_of(directory)]


def _check_evaluation(lessons: int, attempts: int, seed: int = 0) -> None:
    check_count("--lessons", lessons)
    check_count("--attempts", attempts)
    check_seed("--seed", seed)


def _held_out(data: list[Path], count: int, seed: int, teachers: "Teachers") -> "list[Lesson]":
    from hawk_xdsl.training.dataset import split_of
    from hawk_xdsl.training.evaluate import still_same

    found = still_same(split_of(_lessons(data), seed).held_out, count, teachers)
    if not found:
        raise HawkError("no held-out lessons here: generate more")
    return found
