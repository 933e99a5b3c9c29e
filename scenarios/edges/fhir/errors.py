"""What is wrong with a text or a resource from outside."""


class FhirError(Exception):
    """``place`` is where, as in ``Claim.item[2].net``; "" where the text as a whole is meant."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(f"{place}: {message}" if place else message)
        self.place = place
        self.message = message
