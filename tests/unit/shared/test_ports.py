"""A port in use is said in one sentence, with who has it and what changes it."""

from __future__ import annotations

import os
import socket
import sys

import pytest

from trunkline.ports import PortNeed, holder_of, port_problem


def test_a_free_port_is_no_problem_and_stays_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    need = PortNeed(port, "the board", "TRUNKLINE_UP_BOARD_PORT")

    assert port_problem(need) is None
    assert port_problem(need) is None


def test_a_port_in_use_names_itself_its_variable_and_the_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        problem = port_problem(PortNeed(port, "the board", "TRUNKLINE_UP_BOARD_PORT"))

    assert problem is not None
    assert problem.startswith(f"port {port} for the board is in use")
    assert problem.endswith("set TRUNKLINE_UP_BOARD_PORT to another")
    if sys.platform == "linux":
        assert f"by process {os.getpid()} (" in problem


def test_a_port_that_may_not_be_had_says_why() -> None:
    need = PortNeed(9, "the desk", "TRUNKLINE_AGENTS_PORT", host="192.0.2.1")  # RFC 5737: nobody's address

    problem = port_problem(need)

    assert problem is not None
    assert "cannot be had" in problem
    assert "TRUNKLINE_AGENTS_PORT" in problem


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, which only Linux has")
def test_nobody_holds_a_free_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    assert holder_of(port) is None
