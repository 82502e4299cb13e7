"""Whom an erasure is about, and what is kept of a number (N6), without Odoo."""

from ecm_campaign.tools.erasure import ERASED, digest, make_person


def test_what_is_empty_and_what_was_erased_is_nobody():
    person = make_person([1], ["+4930", None, ERASED], ["  Ada@Example.com ", ""], [None])
    assert person.numbers == {"+4930"}
    assert person.emails == {"ada@example.com"}
    assert person.keys == frozenset()
    assert person.is_known()
    assert not make_person([1], [ERASED]).is_known()


def test_a_digest_is_of_one_database_and_one_kind():
    one = digest("secret", "number", "+493023125000")
    assert one == digest("secret", "number", "+493023125000")
    assert one != digest("other", "number", "+493023125000")
    assert one != digest("secret", "key", "+493023125000")
    assert "+4930" not in one
    assert len(one) == 64
