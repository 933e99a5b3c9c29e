"""Configs 配置: data only: products, treaties, broker settings, real data, and the JSON Schema of scenarios.

A package only so that what lies here is found in an installed wheel, through :mod:`importlib.resources`.
"""
