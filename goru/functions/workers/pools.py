"""Which workers train."""

from goru.errors import InputError
from goru.functions.workers.attempts import Held
from goru.functions.workers.pickling import modules_by_name
from goru.functions.workers.workers import Here, Pool, Processes, accelerators, cores


def pool_of(workers: int | None, cluster: str | None) -> Pool:
    """Workers: as many as there are GPUs, or cores where there are none.

    **Arguments:**

    - `workers`: how many processes; 0 for this one alone.
    - `cluster`: where they are, if not on this machine; see [`connected`][goru.cluster.crew.connected].

    **Raises:** `InputError` if there is no such cluster.
    """
    if workers == 0:
        return Here()
    if cluster is not None:
        from goru.functions.workers.rays import RayPool

        return RayPool(cluster)
    devices = accelerators()
    return Processes(workers or len(devices) or cores(), devices)


def send(held: Held, pool: Pool) -> None:
    """Give workers what their jobs share.

    **Raises:** `InputError` if the function cannot be sent to another process.
    """
    modules_by_name()
    try:
        pool.hold(held)
    except InputError:
        raise
    except Exception as error:  # whatever pickling the user's objects raises
        message = f"{type(error).__name__}: {error}".splitlines()[0]
        raise InputError(
            f"train: cannot be sent to other processes ({message}). Give workers=0 to train in this one."
        ) from error
