"""The meters agree with the minimum requirements of EBU Tech 3341 (2023) and Tech 3342 (2023), Table 1 of each.

The signals are synthesised from their definitions. Left out are the cases of real programmes (3341: 7, 8; 3342: 5, 6) and
those of momentary and short-term loudness (3341: 9 to 14), which are not measured.
"""

from __future__ import annotations

import numpy as np
import pytest

from runner.audio.probe.measure import inspect
from tests.support.waves import RATE_HZ, Wave, file_of, level, tapered, tones

PROGRAMMES: dict[int, list[tuple[float, float]]] = {
    1: [(20, -23.0)],
    2: [(20, -33.0)],
    3: [(10, -36.0), (60, -23.0), (10, -36.0)],
    4: [(10, -72.0), (10, -36.0), (60, -23.0), (10, -36.0), (10, -72.0)],
    5: [(20, -26.0), (20.1, -20.0), (20, -26.0)],
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("case", PROGRAMMES)
def test_integrated_loudness_of_stereo_tones(case: int) -> None:
    found = inspect(file_of(tones(PROGRAMMES[case]), subtype="PCM_16")).measured
    assert found.lufs == pytest.approx(-33.0 if case == 2 else -23.0, abs=0.1)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("container", ["WAV", "WAVEX"])
@pytest.mark.parametrize("bass", [False, True])
def test_integrated_loudness_of_five_channels_with_and_without_one_for_bass(container: str, *, bass: bool) -> None:
    """Case 6; a file that does not say which channel is which has the usual order."""
    levels = [level(dbfs) for dbfs in (-28.0, -28.0, -24.0, -30.0, -30.0)]
    wave = tones([(20, 0.0)], channels=5) * np.array(levels)
    data = file_of(np.insert(wave, 3, 0.0, axis=1) if bass else wave, subtype="PCM_16", container=container)
    assert inspect(data).measured.lufs == pytest.approx(-23.0, abs=0.1)


def near_true_peak(found: float | None, expected: float) -> bool:
    return found is not None and expected - 0.4 <= found <= expected + 0.2


SINES = {15: (4, 0.50, 0.0), 16: (4, 0.50, 45.0), 17: (6, 0.50, 60.0), 18: (8, 0.50, 67.5), 19: (4, 1.41, 45.0)}


@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("case", SINES)
def test_true_peak_of_sines(case: int, rate_hz: int) -> None:
    part, amplitude, degrees = SINES[case]
    steps = np.arange(rate_hz)
    wave = amplitude * np.sin(2 * np.pi * steps / part + np.radians(degrees))
    found = inspect(file_of(tapered(wave, rate_hz), rate_hz)).measured.true_peak_dbtp
    assert near_true_peak(found, 3.0 if case == 19 else -6.0), found


def burst(offset: int) -> Wave:
    """One period at fs/4 and full scale within a sine at fs/6 and half of it, made at four times the rate."""
    carrier = 0.50 * np.sin(2 * np.pi * np.arange(4 * RATE_HZ) / 24)
    period = np.sin(2 * np.pi * np.arange(16) / 16)
    middle = len(carrier) // 48 * 24
    wave = np.concatenate((carrier[:middle], period, carrier[middle:]))
    taps = np.arange(-256, 257)
    lowpass = np.sinc(taps / 4) / 4 * np.blackman(len(taps))
    return np.convolve(wave, lowpass, "same")[offset::4]


@pytest.mark.parametrize("case", [20, 21, 22, 23])
def test_true_peak_of_a_burst_between_samples(case: int) -> None:
    found = inspect(file_of(tapered(burst(case - 20)), subtype="PCM_24")).measured.true_peak_dbtp
    assert near_true_peak(found, 0.0), found


RANGES: dict[int, tuple[list[tuple[float, float]], float]] = {
    1: ([(20, -20.0), (20, -30.0)], 10),
    2: ([(20, -20.0), (20, -15.0)], 5),
    3: ([(20, -40.0), (20, -20.0)], 20),
    4: ([(20, -50.0), (20, -35.0), (20, -20.0), (20, -35.0), (20, -50.0)], 15),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("case", RANGES)
def test_loudness_range(case: int) -> None:
    steps, expected = RANGES[case]
    assert inspect(file_of(tones(steps), subtype="PCM_16")).measured.lra_lu == pytest.approx(expected, abs=1)
