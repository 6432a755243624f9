"""Our readings of TRX files where good readers differ."""

from __future__ import annotations

PLUGIN = "trx/jenkinsci__mstest-plugin/src/test/resources/hudson/plugins/mstest/"
ILL_FORMED = "a character that XML forbids stands before the end of the first result"

READINGS: dict[str, tuple[dict[str, float] | None, str]] = {
    f"{PLUGIN}JENKINS-23531-charset.trx": (None, ILL_FORMED),
    f"{PLUGIN}JENKINS-23531-xmlentities-forged.trx": (None, ILL_FORMED),
    f"{PLUGIN}SYSTEM_AD-JENKINS 2015-07-08 10_53_01.trx": (None, ILL_FORMED),
}
