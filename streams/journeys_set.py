"""What an installation's files say of journeys and rules, put together: processes, rules, identifiers, words."""

from dataclasses import replace

from streams.identifiers_file import load_identifiers
from streams.journeys.settings import JourneySettings
from streams.processes import configured_processes
from streams.rules_file import load_rules
from streams.settings import Settings
from streams.wording_file import load_wording


def journey_settings(settings: Settings) -> JourneySettings:
    """The settings of the pure core. Raises SettingsError with file, line and what was expected."""
    plain = JourneySettings(
        configured_processes(settings.processes), told_ahead_s=settings.told_ahead_s, wording=load_wording(settings.language)
    )
    set_ = load_rules(plain, settings.rules)
    single_valued = load_identifiers(settings.identifiers).single_valued
    return replace(set_, rules=replace(set_.rules, single_valued=single_valued))
