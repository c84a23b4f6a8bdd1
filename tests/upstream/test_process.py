"""How a server's process is started."""

import asyncio
import stat
from pathlib import Path

from latchward.model.upstream import UpstreamSpec
from latchward.upstream.environment import Birth
from latchward.upstream.process import Process


def test_what_a_server_writes_has_the_persons_umask_and_not_ours(tmp_path: Path) -> None:
    written = tmp_path / "written"
    spec = UpstreamSpec("s", command="/bin/sh", args=("-c", 'touch "$0" && exec cat', str(written)))

    async def scenario() -> None:
        process = Process(lambda line: None, lambda reason: None)
        await process.start(spec, {}, Birth(umask=0o027))
        async with asyncio.timeout(10):
            while not written.exists():
                await asyncio.sleep(0.01)
        await process.stop()

    asyncio.run(scenario())
    assert stat.S_IMODE(written.stat().st_mode) == 0o640
