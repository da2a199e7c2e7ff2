"""Warm kernels for papermill: each notebook gets a process of its own, forked from one that has imported everything.

A kernel that starts from nothing spends seconds on imports before its first useful line; a fork of a server that has
them behind it is as fresh and as isolated, and ready at once. Papermill knows the engine as `cx-warm`, by its entry
point; whoever runs several notebooks calls fork.start() first. Without it, where there is no fork, and with
CX_KERNELS=cold in the environment, the engine starts kernels as Jupyter does.
"""

import asyncio
import os
import queue
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner
from traitlets import Any

from cxlib import fork

BIND = 10  # seconds in which a kernel makes its sockets; whoever connects later waits for them as usual
LAUNCHER = "ipykernel_launcher"  # the module that a Python kernel's command names


class WarmEngine:
    """The papermill engine `cx-warm`: papermill's own, on kernels that are forked where fork.start() was called.

    Papermill imports this module when it is imported itself, so that its engine cannot be subclassed here.
    """

    @classmethod
    def execute_notebook(cls, nb, kernel_name, **how):
        """Execute a notebook, as papermill's engine does."""
        from papermill.engines import NBClientEngine

        # Nothing of a kernel outlives its notebook, so that there is nothing to say good-bye to. What a cell prints
        # comes in pieces, cut where the clock says; joined, they are the same in every run.
        how |= {"kernel_manager_class": WarmKernelManager, "shutdown_kernel": "immediate", "coalesce_streams": True}
        try:
            return NBClientEngine.execute_notebook(nb, kernel_name, **how)
        except RuntimeError as error:
            error.cells = nb.cells  # how far it came until its kernel died: papermill would not keep it
            raise

    @classmethod
    def nb_kernel_name(cls, nb, name=None):
        """The name of a notebook's kernel, as papermill's engine tells it."""
        from papermill.engines import NBClientEngine

        return NBClientEngine.nb_kernel_name(nb, name)

    @classmethod
    def nb_language(cls, nb, language=None):
        """The language of a notebook, as papermill's engine tells it."""
        from papermill.engines import NBClientEngine

        return NBClientEngine.nb_language(nb, language)


class WarmKernelClient(AsyncKernelClient):
    """Jupyter's client of a kernel, which does not wait longer for it than it takes."""

    async def _async_wait_for_ready(self, timeout=None):
        """Return when the kernel answers and its output arrives; RuntimeError where it dies or time is up first.

        Jupyter's own looks every second, and spends a fifth of one on finding that no output is left.
        """
        self.kernel_info()
        until = time.monotonic() + (timeout or float("inf"))
        for channel in (self.shell_channel, self.iopub_channel):
            while not await self._a_message(channel):
                if not await self._async_is_alive():
                    raise RuntimeError("Kernel died before replying to kernel_info")
                if time.monotonic() > until:
                    raise RuntimeError(f"Kernel didn't respond in {timeout:g} seconds")

    @staticmethod
    async def _a_message(channel) -> bool:
        """Whether a message comes within a tenth of a second."""
        try:
            await channel.get_msg(timeout=0.1)
        except queue.Empty:
            return False
        return True

    wait_for_ready = _async_wait_for_ready


class WarmKernelManager(AsyncKernelManager):
    """Jupyter's manager of a kernel, whose process may be a fork."""

    client_factory = WarmKernelClient
    began = Any(None, allow_none=True, config=True)  # a function that is told the number of the kernel's process

    async def _async_launch_kernel(self, kernel_cmd, **how):
        await super()._async_launch_kernel(kernel_cmd, **how)
        if self.began is not None:
            self.began(self.provisioner.pid)

    async def _async_wait(self, pollinterval=0.002):
        """Return when the kernel has ended; Jupyter's own looks ten times a second."""
        await super()._async_wait(min(pollinterval, 0.002))

    async def _async_pre_start_kernel(self, **how):
        if self.provisioner is None:
            self.provisioner = ForkedProvisioner(kernel_id="", kernel_spec=self.kernel_spec, parent=self)
        return await super()._async_pre_start_kernel(**how)


class ForkedProvisioner(LocalProvisioner):
    """Starts a kernel of this interpreter as a fork of the server, where it runs; any other kernel as Jupyter does."""

    async def launch_kernel(self, cmd, **how):
        """The kernel that a command starts, as a process; returns how to connect to it."""
        if not fork.started() or cmd[0] != sys.executable or LAUNCHER not in cmd:
            found = await super().launch_kernel(cmd, **how)
            fork.ALIVE.add(self.pid)
            return found
        self.cwd = str(how.get("cwd") or os.getcwd())
        arguments = cmd[cmd.index(LAUNCHER) + 1 :]
        environment = how["env"] | {"JPY_PARENT_PID": str(os.getpid())}
        self.process = fork.Forked(_serve, arguments, environment=environment, cwd=self.cwd)
        # Its own group from its first line on; asked of the system too early, it would be the group of this process.
        self.pid = self.pgid = self.process.pid
        return self.connection_info

    async def post_launch(self, **how):
        """Wait for the kernel's sockets, where they are files: who connects before them tries again a tenth later."""
        await super().post_launch(**how)
        if self.connection_info["transport"] != "ipc":
            return
        ports = [port for name, port in self.connection_info.items() if name.endswith("_port")]
        sockets = [Path(f"{self.connection_info['ip']}-{port}") for port in ports]
        until = time.monotonic() + BIND
        while self.process.poll() is None and time.monotonic() < until and not all(map(Path.exists, sockets)):
            await asyncio.sleep(0.002)

    async def poll(self):
        """The kernel's exit code; None while it runs."""
        code = await super().poll()
        if code is not None:
            fork.ALIVE.discard(self.pid)
        return code

    async def wait(self):
        """The kernel's exit code, as soon as there is one."""
        while self.process and self.process.poll() is None:
            await asyncio.sleep(0.002)
        fork.ALIVE.discard(self.pid)
        return await super().wait()


def _serve(arguments: list[str]) -> None:
    """Be a kernel, with the arguments of `python -m ipykernel_launcher`, until it is shut down."""
    from ipykernel.kernelapp import IPKernelApp

    sys.argv[:] = [find_spec(LAUNCHER).origin, *arguments]
    # Read from the environment when ipykernel is imported, which was in the server.
    IPKernelApp.launch_instance([*arguments, f"--IPKernelApp.parent_handle={os.getppid()}"])
