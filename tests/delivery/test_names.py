"""A library other than the one that delivery was written against is noticed when a worker starts."""

import pytest
from faust.transport.drivers import aiokafka as driver

from streams.delivery import names


def test_the_installed_libraries_have_every_name_that_is_relied_on():
    names.check_names()


def test_another_version_is_one_line_that_says_what_to_do(monkeypatch):
    monkeypatch.setattr(names, "version", lambda library: "9.9.9")
    with pytest.raises(names.WrongVersionError, match=r"^faust-streaming 9\.9\.9 is installed, 0\.15\.3 is needed: install .*$"):
        names.check_names()


@pytest.mark.parametrize("name", ["_filter_tps_with_pending_acks", "_new_offset"])
def test_a_name_that_went_away_is_named(monkeypatch, name):
    owner = next(each for each in driver.Consumer.__mro__ if name in vars(each))
    monkeypatch.delattr(owner, name)
    with pytest.raises(names.WrongVersionError, match=f"Consumer has no {name}"):
        names.check_names()
