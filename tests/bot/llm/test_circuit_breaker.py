from footnote_qa.bot.llm.portfolio import FAILURES, LONGEST_PAUSE_S, PAUSE_S, CircuitBreaker


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def broken(clock: Clock) -> CircuitBreaker:
    breaker = CircuitBreaker(clock)
    for _ in range(FAILURES):
        breaker.failed()
    return breaker


def test_provider_that_fails_five_times_in_a_row_is_left_alone() -> None:
    breaker = CircuitBreaker(Clock())

    for _ in range(FAILURES - 1):
        breaker.failed()
    before = breaker.admit()
    breaker.failed()

    assert before
    assert not breaker.admit()


def test_success_in_between_restarts_the_count() -> None:
    breaker = CircuitBreaker(Clock())

    for at in range(3 * FAILURES):
        if at % (FAILURES - 1) == 0:
            breaker.succeeded()
        else:
            breaker.failed()

    assert breaker.admit()


def test_after_the_pause_one_question_goes_through_as_a_probe() -> None:
    clock = Clock()
    breaker = broken(clock)

    clock.now += PAUSE_S - 0.1
    early = breaker.admit()
    clock.now += 0.1
    admitted = [breaker.admit() for _ in range(3)]

    assert not early
    assert admitted == [True, False, False]


def test_probe_that_succeeds_lets_everybody_through() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now += PAUSE_S
    breaker.admit()

    breaker.succeeded()

    assert [breaker.admit() for _ in range(3)] == [True, True, True]
    assert breaker.is_closed


def test_probe_that_fails_begins_another_pause() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now += PAUSE_S
    breaker.admit()

    breaker.failed()
    clock.now += PAUSE_S - 0.1
    early = breaker.admit()
    clock.now += 0.1

    assert not early
    assert breaker.admit()


def test_probe_whose_outcome_never_comes_does_not_block_for_ever() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now += PAUSE_S
    breaker.admit()

    clock.now += PAUSE_S

    assert breaker.admit()


def test_provider_that_asks_for_a_pause_gets_it_immediately() -> None:
    clock = Clock()
    breaker = CircuitBreaker(clock)

    breaker.failed(retry_after_s=12)
    clock.now += 11.9
    early = breaker.admit()
    clock.now += 0.1

    assert not early
    assert breaker.admit()


def test_provider_that_asks_for_an_hour_is_probed_after_five_minutes() -> None:
    clock = Clock()
    breaker = CircuitBreaker(clock)

    breaker.failed(retry_after_s=3600)
    clock.now += LONGEST_PAUSE_S

    assert breaker.admit()
