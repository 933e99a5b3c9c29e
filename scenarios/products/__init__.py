"""Products 产品: what they cost and why; from tables by age, or from what people really spend (rows 43, 44).

``premiums`` is the arithmetic of a table, ``experience`` that of spending data, ``writing`` puts premiums into a
product's file, ``command`` is ``consortium products``.
"""

from scenarios.products.experience import Experience, Spending, experience_of
from scenarios.products.premiums import premium_fen, premiums_by_age

__all__ = ["Experience", "Spending", "experience_of", "premium_fen", "premiums_by_age"]
