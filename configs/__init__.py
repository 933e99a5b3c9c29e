"""Configs 配置: data only: products, treaties, links, costs of work, broker settings, real data, the JSON Schema.

A package only so that what lies here is found in an installed wheel, through :mod:`importlib.resources`.
"""
