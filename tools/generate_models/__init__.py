"""Turn botocore's service models into the typed modules of `hatobin.gateway.models`.

`python -m tools.generate_models` writes them; botocore is a development
dependency only. Names, types, limits and routes are taken over; texts are not.
"""

from __future__ import annotations

from tools.generate_models.module import SERVICES, module_source
from tools.generate_models.names import module_name

__all__ = ["SERVICES", "module_name", "module_source"]
