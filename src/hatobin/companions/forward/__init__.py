"""Everything else of AWS: calls for services that are not here, passed on to where the configuration says.

A signed request comes in, is verified and judged by its caller's policies like any other, signed anew with the
configured key, and its answer given back as it comes. A service of ours that the configuration puts elsewhere
is asked there as a whole, so that its state is never in two places.
"""

from __future__ import annotations

from hatobin.companions.forward.forwarding import Forwarding

__all__ = ["Forwarding"]
