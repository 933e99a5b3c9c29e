"""The room's face is deliberate: a name goes in or out here too."""

import node.ledger


def test_every_name_of_the_face_is_there_and_in_order():
    assert sorted(node.ledger.__all__, key=lambda name: (not name.isupper(), name[0].islower(), name)) == list(
        node.ledger.__all__
    )
    assert all(hasattr(node.ledger, name) for name in node.ledger.__all__)
