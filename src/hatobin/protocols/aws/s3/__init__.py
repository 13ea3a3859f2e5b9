"""S3's REST protocol: addresses, operations, bodies in chunks, conditions, XML in and out. Bytes in, values out.

It is made by hand and not generated: S3 binds a few dozen headers and query
parameters by names of their own, and its model describes a hundred operations
of which the companion serves a quarter.
"""
