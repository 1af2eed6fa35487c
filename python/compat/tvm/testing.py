# SPDX-License-Identifier: Apache-2.0
"""Checks for tests."""
from ._missing import getattr_of


def assert_allclose(actual, desired, rtol=1e-7, atol=1e-7) -> None:
    """Fails unless both arrays have one shape and about the same elements."""
    import numpy

    actual, desired = numpy.asanyarray(actual), numpy.asanyarray(desired)
    numpy.testing.assert_allclose(actual.shape, desired.shape)
    numpy.testing.assert_allclose(
        actual, desired, rtol=rtol, atol=atol, verbose=True
    )


__getattr__ = getattr_of(__name__)

__all__ = ["assert_allclose"]
