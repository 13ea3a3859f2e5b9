"""The benchmark: hatobin and its peers on one machine, in one interleaved run. `docs/performance.md` explains it."""
