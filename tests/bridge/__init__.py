"""Clients and servers of either era, with the real gateway between them.

house       the gateway before servers that have everything
conftest    one such house for each module
"""
