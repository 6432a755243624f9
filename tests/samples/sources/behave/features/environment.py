"""Hooks that fail for the scenarios that ask for it."""


def before_scenario(context, scenario):
    if "broken-before" in scenario.effective_tags:
        raise ConnectionError("the till does not answer")


def after_scenario(context, scenario):
    if "broken-after" in scenario.effective_tags:
        raise OSError("the receipt printer is out of paper")
