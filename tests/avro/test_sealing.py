"""Dead letters are readable only with the key that sealed them."""

import pytest

from streams.avro.configured import sealing_of
from streams.avro.sealing import Contents, Sealed, Sealing, SealingError
from streams.settings import Settings

OLD, NEW = "k1:" + "11" * 32, "k2:" + "22" * 32
CONTENTS = Contents(b"key", (("replay", b"old"), ("replay", b"older")), b"kim@example.com")


@pytest.mark.parametrize("contents", [CONTENTS, Contents(None, (), None), Contents(b"", (), b"")])
def test_what_was_sealed_opens(contents):
    sealed = Sealing(NEW).seal(contents)
    assert sealed.key_id == "k2"
    assert b"kim" not in sealed.value
    assert Sealing(NEW).open(sealed) == contents


def test_a_former_key_still_opens():
    sealed = Sealing(OLD).seal(CONTENTS)
    assert Sealing(NEW, [OLD]).open(sealed) == CONTENTS


def test_a_key_that_was_rotated_out_is_named():
    sealed = Sealing(OLD).seal(CONTENTS)
    with pytest.raises(SealingError, match="'k1', which has been rotated out"):
        Sealing(NEW).open(sealed)


def test_a_new_key_under_an_old_id_is_refused_before_the_old_one_is_lost():
    with pytest.raises(SealingError, match="two dead-letter keys have the id 'k2'"):
        Sealing(NEW, ["k2:" + "33" * 32])
    assert Sealing(NEW, [NEW, OLD]).key_id == "k2"


def test_the_settings_name_the_present_key_and_the_former_ones():
    settings = Settings.load(
        environment={"TOUCHPOINTS_DEAD_LETTER_KEY": NEW, "TOUCHPOINTS_DEAD_LETTER_FORMER_KEYS": f" {OLD} , k0:{'00' * 32},"}
    )
    sealing = sealing_of(settings)
    assert sealing.seal(CONTENTS).key_id == "k2"
    assert sealing.open(Sealing(OLD).seal(CONTENTS)) == CONTENTS
    assert "11" * 16 not in repr(settings)
    assert "22" * 16 not in repr(settings)


def test_the_same_contents_are_never_sealed_alike():
    sealing = Sealing(NEW)
    assert sealing.seal(CONTENTS).value != sealing.seal(CONTENTS).value


def test_any_change_is_noticed():
    sealing = Sealing(NEW, [OLD])
    sealed = sealing.seal(CONTENTS)
    for at in range(len(sealed.value)):
        changed = bytearray(sealed.value)
        changed[at] ^= 1
        with pytest.raises(SealingError):
            sealing.open(Sealed(sealed.key_id, bytes(changed)))
    for value in (b"", sealed.value[:12], sealed.value[:-1]):
        with pytest.raises(SealingError):
            sealing.open(Sealed(sealed.key_id, value))
    with pytest.raises(SealingError):
        sealing.open(Sealed("k1", sealed.value))


@pytest.mark.parametrize("key", ["", "k1", "k1:", "k1:zz", "k1:" + "11" * 31, ":" + "11" * 32])
def test_a_key_that_is_none_is_refused_with_advice(key):
    with pytest.raises(SealingError, match="openssl rand"):
        Sealing(key)
    with pytest.raises(SealingError) as caught:
        Sealing(key)
    assert "11" * 16 not in str(caught.value)
