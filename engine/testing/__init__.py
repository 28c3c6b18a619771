"""Checks that an implementation keeps the promises of its protocol: ours in this project's tests, yours in your own.

    from engine.testing import check_vlm

    def test_my_vlm():
        check_vlm(lambda: my_vlm(torch.device("cpu")))

Each check calls your implementation on small made-up input and raises AssertionError with a sentence that says which
promise is broken. No test runner is needed, and no file is written. torch is imported only by the checks of models.
"""

from engine.testing.computed_method import check_computed_method
from engine.testing.concept_source import check_concept_source
from engine.testing.context import small_context
from engine.testing.method import check_method
from engine.testing.probing_set import check_probing_set
from engine.testing.target import check_target
from engine.testing.vlm import check_vlm

__all__ = [
    "check_computed_method",
    "check_concept_source",
    "check_method",
    "check_probing_set",
    "check_target",
    "check_vlm",
    "small_context",
]
