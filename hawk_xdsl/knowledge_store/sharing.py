"""Which store the processes of a workplace can use together."""

from pathlib import Path

from hawk_xdsl.executors import Workplace, is_spread
from hawk_xdsl.knowledge_store.database import StorePlace, is_address
from hawk_xdsl.knowledge_store.store_view import default_store


def shared_store(workplace: Workplace, place: StorePlace | None) -> StorePlace | None:
    """The place as all processes of an open workplace know it; the user's store without one.

    ``None`` where they are on several machines, and the place is a file of one.
    """
    chosen = default_store() if place is None else place
    if is_address(chosen):
        return chosen
    return None if is_spread(workplace) else Path(chosen).resolve()
