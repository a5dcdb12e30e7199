"""``hawk distill``: lessons, training, rounds, evaluation and adoption of a kernel model."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hawk_xdsl.cli.app import app
from hawk_xdsl.cli.console import open_console
from hawk_xdsl.errors import HawkError

if TYPE_CHECKING:
    from hawk_xdsl.distill.lesson import Lesson
    from hawk_xdsl.distill.train import Recipe

distill = typer.Typer(help="A kernel model of one's own, taught by the gate.", no_args_is_help=True)
app.add_typer(distill, name="distill")

DataOption = Annotated[
    list[Path], typer.Option("--data", "-d", help="A directory of lessons; may be repeated.")
]
TargetsOption = Annotated[
    list[str] | None,
    typer.Option("--target", "-t", help="Targets of the lessons.", show_default="all packaged"),
]
SeedOption = Annotated[int, typer.Option("--seed", "-s", help="Seeds everything that is drawn.")]
RateOption = Annotated[
    float | None,
    typer.Option(
        "--learning-rate",
        help="Where the learning rate starts; it falls to nothing.",
        show_default="0.004; 0.001 to go on from a model",
    ),
]
ModelArgument = Annotated[Path, typer.Argument(help="A model directory that train wrote.")]
OutputOption = Annotated[Path, typer.Option("--output", "-o", help="Where the result goes.")]


def _say(line: str) -> None:
    open_console().print(line, markup=False, highlight=False)


@distill.command("generate")
def generate_command(
    output: OutputOption,
    count: Annotated[int, typer.Option("--count", "-n", help="Random ops to draw.")] = 1000,
    seed: SeedOption = 0,
    target: TargetsOption = None,
    elements: Annotated[
        int | None, typer.Option(help="About how many points an op has at most, instead of a mix.")
    ] = None,
) -> None:
    """Draw random ops and write the lessons about them: kernels that passed the gate.

    What is there already is kept; a shard that is damaged or half-written is made again.
    """
    from hawk_xdsl.distill.generate import SHARD, Order, generate
    from hawk_xdsl.knowledge_store import load_seed_entries

    order = Order(count, seed)
    if target is not None:
        order = replace(order, targets=dict.fromkeys(target, 1))
    if elements is not None:
        order = replace(order, recipe=replace(order.recipe, elements={elements: 1}))

    def progress(done: int, of: int, fates: Counter[str]) -> None:
        if done % SHARD == 0 or done == of:
            _say(f"[{done}/{of}] {fates['right']} right, {fates['wrong']} wrong")

    fates = generate(order, load_seed_entries(), output, progress)
    _say(", ".join(f"{number} {what}" for what, number in fates.most_common()))


@distill.command("train")
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
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what was stopped.")] = False,
    seed: SeedOption = 0,
) -> None:
    """Train a model on lessons. Curves, model card and the prompt's form go with the weights."""
    from hawk_xdsl.distill.dataset import split_of
    from hawk_xdsl.distill.train import SHAPES, train

    if shape not in SHAPES:
        raise HawkError(f"--shape {shape}: expected one of {', '.join(SHAPES)}")
    recipe = replace(_recipe(minutes, steps, seed, rate, start), shape=SHAPES[shape])
    split = split_of(_lessons(data), seed)
    train(split, output, recipe, start=start, resume=resume, told=_say)
    _say(f"trained: {output}")


@distill.command("evaluate")
def evaluate_command(
    data: DataOption,
    model: Annotated[str | None, typer.Argument(help="A model; the default one without.")] = None,
    lessons: Annotated[int, typer.Option(help="Held-out lessons to answer.")] = 100,
    attempts: Annotated[int, typer.Option(help="Attempts at each.")] = 8,
    seed: SeedOption = 0,
) -> None:
    """Let a model alone answer held-out lessons, and print how many kernels are right."""
    from hawk_xdsl.distill.evaluate import Score, by_band, evaluate
    from hawk_xdsl.generation.model.model_files import find_model

    chosen = _held_out(data, lessons, seed)
    files = find_model(model)
    answers = evaluate(files, chosen, attempts=attempts, seed=seed)
    _say(f"{files.name}: {Score.of(answers)}")
    for band, score in by_band(answers).items():
        _say(f"  {band} statements: {score}")
    traps = Counter(t.trap for a in answers for t in a.tries if t.trap is not None)
    _say("  refused: " + ", ".join(f"{count} {trap}" for trap, count in traps.most_common()))


@distill.command("round")
def round_command(
    model: ModelArgument,
    output: OutputOption,
    data: DataOption,
    practice: Annotated[Path, typer.Option(help="Where the new lessons go.")],
    count: Annotated[int, typer.Option("--count", "-n", help="New ops to try.")] = 400,
    attempts: Annotated[int, typer.Option(help="Attempts at each.")] = 4,
    minutes: Annotated[float, typer.Option(help="Time to train for.")] = 10.0,
    steps: Annotated[
        int | None, typer.Option(help="Steps instead of minutes: reproducible.")
    ] = None,
    rate: RateOption = None,
    seed: SeedOption = 1,
) -> None:
    """One round of self-distillation: the model tries new ops, and learns from what was right."""
    from hawk_xdsl.distill.generate import Order
    from hawk_xdsl.distill.rounds import learn, practise
    from hawk_xdsl.generation.model.model_files import find_model
    from hawk_xdsl.knowledge_store import load_seed_entries

    if any(lesson.seed == seed for lesson in _lessons(data)):
        raise HawkError(f"--seed {seed}: lessons in --data have it, so its ops are not new")
    recipe = _recipe(minutes, steps, seed, rate, model)
    entries = load_seed_entries()
    found = practise(
        find_model(str(model)), Order(count, seed), entries, practice, attempts=attempts, told=_say
    )
    _say(f"the model on new ops: {found.score}")
    _say(f"{found.lessons} lessons; in {found.faster} of them its kernel is faster than before")
    learn(model, [*data, practice], output, recipe, _say)
    _say(f"trained: {output}")


@distill.command("adopt")
def adopt_command(
    model: ModelArgument,
    data: DataOption,
    lessons: Annotated[int, typer.Option(help="Held-out lessons to compare on.")] = 100,
    attempts: Annotated[int, typer.Option(help="Attempts at each.")] = 8,
) -> None:
    """Make a model the default if it is better than the one in use, and only then."""
    from hawk_xdsl.distill.adopt import adopt

    found = adopt(model, _held_out(data, lessons, 0), attempts=attempts, told=_say)
    _say(f"adopted: {found.directory}")


@distill.command("restore")
def restore_command() -> None:
    """Take the default back to the model that was in use before the last adoption."""
    from hawk_xdsl.distill.adopt import restore

    _say(f"in use again: {restore()}")


@distill.command("exclude")
def exclude_command(
    operators: Annotated[Path, typer.Argument(help="A suite, such as benchmarks/operators.py.")],
    output: OutputOption,
) -> None:
    """Write down what no lesson may be: the unseen operators of a suite, erased to their form."""
    from hawk_xdsl.bench.suite import load_suite
    from hawk_xdsl.distill.exclude import unseen_keys

    found = unseen_keys(load_suite(operators), _say)
    output.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    _say(f"{len(found)} unseen operators: {output}")


def _recipe(
    minutes: float, steps: int | None, seed: int, rate: float | None, start: Path | None
) -> "Recipe":
    from hawk_xdsl.distill.train import GOING_ON_RATE, LEARNING_RATE, Recipe

    if rate is None:
        rate = LEARNING_RATE if start is None else GOING_ON_RATE
    recipe = Recipe(seed, minutes=minutes) if steps is None else Recipe(seed, steps)
    return replace(recipe, learning_rate=rate)


def _lessons(data: list[Path]) -> "list[Lesson]":
    from hawk_xdsl.distill.generate import lessons_of

    return [lesson for directory in data for lesson in lessons_of(directory)]


def _held_out(data: list[Path], count: int, seed: int) -> "list[Lesson]":
    from hawk_xdsl.distill.dataset import split_of
    from hawk_xdsl.distill.evaluate import still_same

    found = still_same(split_of(_lessons(data), seed).held_out, count)
    if not found:
        raise HawkError("no held-out lessons here: generate more")
    return found
