from footnote_qa.index.building.polling import USUAL_S, Polling
from footnote_qa.index.sources import SourceSpec, key_of


def test_each_service_is_due_after_its_own_time() -> None:
    slow = SourceSpec(kind="confluence", path="a")
    fast = SourceSpec(kind="confluence", path="b", every=60)
    now = [0.0]
    polling = Polling([slow, fast, SourceSpec(path="docs")], now=lambda: now[0])
    assert polling.every_s == 60
    assert all(polling.is_due(key_of(one)) for one in (slow, fast))

    now[0] = 61

    assert not polling.is_due(key_of(slow))
    assert polling.is_due(key_of(fast))
    assert not polling.is_due(key_of(fast))
    now[0] = USUAL_S
    assert polling.is_due(key_of(slow))


def test_folders_alone_need_no_polling() -> None:
    assert Polling([SourceSpec(path="docs")]).every_s is None
