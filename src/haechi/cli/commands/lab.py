"""`haechi lab run`: manifests in, real packets, a table out.

Exits with 0 if every packet matched the policies, 1 if one did not, 2 if there was nothing to try or the lab could not
be built.
"""

from __future__ import annotations

import sys
from typing import Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from haechi.cli.arguments import INPUT_OPTIONS, InputOptions, Paths, PathText

MAX_NODES = 64
Output = Literal["text", "json", "junit"]
Families = Literal["dual", "4", "6"]


def run(
    *paths: Paths,
    nodes: Annotated[int, Parameter(metavar="N", validator=Number(gte=1, lte=MAX_NODES))] = 2,
    ip_family: Families = "dual",
    sources: Annotated[tuple[str, ...], Parameter(name="--from", metavar="SEL", negative="", show_default=False)] = (),
    destinations: Annotated[
        tuple[str, ...], Parameter(name="--to", metavar="SEL", negative="", show_default=False)
    ] = (),
    port: Annotated[tuple[str, ...], Parameter(metavar="PORT", negative="", show_default=False)] = (),
    output: Annotated[Output, Parameter(name=("--output", "-o"))] = "text",
    keep: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    budget: Annotated[str | None, Parameter(metavar="TIME", show_default=False)] = None,
    seed: Annotated[int, Parameter(metavar="N", validator=Number(gte=0))] = 0,
    tests: Annotated[PathText | None, Parameter(metavar="FILE", show_default=False)] = None,
    input_options: InputOptions = INPUT_OPTIONS,
) -> int:
    """Build a lab, try every connection and compare.

    Args:
        *paths: Files, folders or - for standard input.
        nodes: The number of nodes, 1 to 64.
        ip_family: The addresses of the lab: IPv4, IPv6 or both.
        sources: Only connections from these.
        destinations: Only connections to these.
        port: Only these ports, as PORT or PORT/PROTO: a number (TCP by default) or the name of a container port.
        output: A table for people as text, or JSON or JUnit XML for programs.
        keep: Keep the lab running afterwards, print how to enter it, and wait.
        budget: How long the run may take, about: 60s (the default), 5m, 1h or none. If that is not enough for every
            connection, a sample is tried that covers all pods that policies tell apart.
        seed: Chooses the sample.
        tests: Try what the assertions of this file or folder are about, and judge them on the packets.
        input_options: How input is read and validated.
    """
    from haechi.cli.input import read_sound
    from haechi.cli.lab.session import LabOptions, run_and_write

    found = read_sound(paths, input_options.for_reading(paths))
    families = {"dual": (4, 6), "4": (4,), "6": (6,)}[ip_family]
    namespaces = input_options.namespaces
    options = LabOptions(nodes, families, sources, destinations, port, output, keep, budget, seed, namespaces)
    sys.stdout.flush()
    if tests is not None:
        from haechi.cli.lab.assertions import judge_and_write

        return judge_and_write(tests, found, options, input_options)
    return run_and_write(found, options)
