#!/usr/bin/python3
"""The harness's own test: would it see a message that is missing, doubled, early, late or wrong?"""

import unittest

import stories_on_the_chain
from judge import Due, Seen, judge
from player import watched_until
from story import StoryError, format_offset, parse_offset, parse_story

HOUR = 3600


def what_of(number):
    return f"reminder {number}" if number else "alert"


def due(offset, number=0, at=None, account="17", level="warning"):
    at = offset / HOUR * 2 if at is None else at
    return Due(offset, account, level, what_of(number), at, at + 6)


def seen(at, number=0, account="17", level="warning"):
    return Seen(at, account, level, what_of(number))


ALERT_AND_REMINDER = [due(HOUR), due(25 * HOUR, 1)]  # At 2 s and 50 s.


class JudgeTest(unittest.TestCase):
    def check(self, expected, arrived, *words):
        problems = judge(expected, arrived)
        if not words:
            self.assertEqual(problems, [])
        for word in words:
            self.assertTrue(any(word in problem for problem in problems), (word, problems))

    def test_what_is_due_and_comes_in_time(self):
        self.check(ALERT_AND_REMINDER, [seen(50.5, 1), seen(2.4)])
        self.check([], [])

    def test_missing(self):
        self.check(ALERT_AND_REMINDER, [seen(2.4)], "25h reminder 1 of 17 level warning did not")
        self.check(ALERT_AND_REMINDER, [], "1h alert", "2 messages expected, 0 seen")

    def test_one_too_many(self):
        self.check(ALERT_AND_REMINDER, [seen(2.4), seen(50.5, 1), seen(98.5, 2)],
                   "reminder 2 of 17 level warning came although nothing more was due")
        self.check(ALERT_AND_REMINDER, [seen(2.4), seen(2.5), seen(50.5, 1)], "3 seen")
        self.check([], [seen(1)], "nothing more was due")

    def test_another_than_expected(self):
        self.check(ALERT_AND_REMINDER, [seen(2.4), seen(50.5, 2)], "did not come in its turn",
                   "reminder 2 of 17 level warning came in place")
        self.check([due(HOUR)], [seen(2.4, level="critical")], "level critical came in place")
        self.check([due(HOUR)], [seen(2.4, account="18")], "alert of 18")

    def test_order(self):
        self.check(ALERT_AND_REMINDER, [seen(2.4, 1), seen(50.5)], "in its turn")

    def test_messages_of_one_instant_come_in_any_order(self):
        both = [due(HOUR, account="17"), due(HOUR, account="18")]
        self.check(both, [seen(2.5, account="17"), seen(2.4, account="18")])
        self.check(both, [seen(2.5, account="17"), seen(2.4, account="17")], "alert of 18")

    def test_time(self):
        self.check([due(HOUR)], [seen(1.95)])
        self.check([due(HOUR)], [seen(1.85)], "0.15 s early")
        self.check([due(HOUR)], [seen(8.5)], "0.50 s later than allowed")


class StoryTest(unittest.TestCase):
    def test_reads_what_the_page_describes(self):
        story = parse_story("# comment\n"
                            "account 17 USD\n"
                            "account 18 CNY\n"
                            "0h    credit 150 of 17   # seen\n"
                            "1h30m enable 20 of 18 level critical\n"
                            "2d    poll fails\n"
                            "2d1h  clock back 2h\n"
                            "3d    end\n"
                            "expect\n"
                            "26h   reminder 1 of 18 level critical\n"
                            "2h    alert of 17\n", "x")
        self.assertEqual(story.accounts, {"17": "USD", "18": "CNY"})
        self.assertEqual([(e.offset, e.verb, e.amount, e.account, e.level) for e in story.events],
                         [(0, "credit", "150", "17", "warning"),
                          (5400, "enable", "20", "18", "critical"),
                          (48 * HOUR, "poll fails", None, None, "warning"),
                          (49 * HOUR, "clock back", "2h", None, "warning")])
        self.assertEqual([(m.offset, m.what, m.account, m.level) for m in story.expected],
                         [(2 * HOUR, "alert", "17", "warning"), (26 * HOUR, "reminder 1", "18", "critical")])
        self.assertEqual(story.end, 72 * HOUR)

    def test_defaults(self):
        story = parse_story("0h credit 1\n5h disable\n", "x")
        self.assertEqual((story.accounts, story.end, story.expected),
                         ({"17": "USD"}, 5 * HOUR, None))

    def test_options(self):
        story = parse_story("option recovery_notice\n0h credit 1\nexpect\n1h recovery\n"
                            "2h overdue\n", "x")
        self.assertEqual(story.options, {"recovery_notice"})
        self.assertEqual([m.what for m in story.expected], ["recovery", "overdue"])

    def test_offsets(self):
        for text, value in (("0h", 0), ("1d2h", 26 * HOUR), ("26h30m", 95400), ("1h1m1s", 3661)):
            self.assertEqual(parse_offset(text), value)
        self.assertEqual(format_offset(95400), "26h30m")
        for text in ("", "h", "2", "1h1d", "-1h", "1.5h"):
            with self.assertRaises(ValueError):
                parse_offset(text)

    def test_refuses_and_names_the_line(self):
        for text in ("0h frobnicate", "0h credit", "0h credit many", "0h credit 1 off 17",
                     "0h exporter sideways", "nonsense", "1h credit 1\n0h credit 2",
                     "0h credit 1\nexpect\n1h letter", "0h credit 1\nexpect\n1h reminder 0",
                     "0h credit 1\nexpect\nexpect", "0h credit 1\naccount 17 USD", "option sideways\n0h credit 1",
                     "0h credit 1\noption recovery_notice"):
            with self.assertRaisesRegex(StoryError, r"x:\d+: "):
                parse_story(text, "x")
        for text in ("", "0h credit 1 of 99"):
            with self.assertRaises(StoryError):
                parse_story(text, "x")


class PlanTest(unittest.TestCase):
    def story(self, text):
        return parse_story(text, "x")

    def test_watches_a_day_longer_but_not_beyond_the_end(self):
        self.assertEqual(watched_until(self.story("0h enable 9\n30d end\nexpect\n122h alert")),
                         146 * HOUR)
        self.assertEqual(watched_until(self.story("0h enable 9\n3h end\nexpect\n2h alert")),
                         3 * HOUR)

    def test_scale_leaves_room_where_events_are_close(self):
        close = self.story("0h enable 9\n1h credit 1\n1h1m threshold 2\n2h end\nexpect\n1h alert")
        self.assertIsNone(stories_on_the_chain.choose_scale(close, 2.0))  # 1m is 0.5 s at most.
        apart = self.story("0h enable 9\n1h credit 1\n2h credit 9\n30h end\nexpect\n1h alert")
        self.assertEqual(stories_on_the_chain.choose_scale(apart, 2.0), 4.0)
        long = self.story("0h enable 9\n1h credit 1\n2h credit 9\n6d end\nexpect\n6d alert")
        self.assertEqual(stories_on_the_chain.choose_scale(long, 2.0), 2.0)

    def test_clock_stories_are_skipped_by_name_and_outages_play_alone(self):
        texts = ["0h clock back 1h\nexpect\n", "0h pipeline down\nexpect\n", "0h credit 1\nexpect\n",
                 "0h poll fails\nexpect\n", "0h credit 1"]
        all_stories = [parse_story(text, f"s{n}") for n, text in enumerate(texts)]
        runs, skipped, impossible = stories_on_the_chain.plan(all_stories, 2.0)
        self.assertEqual([name for name, _ in skipped], ["s0"])
        self.assertEqual([name for name, _ in impossible], ["s4"])
        self.assertEqual(sorted([s.name for s in run.stories] for run in runs),
                         [["s1"], ["s2", "s3"]])


if __name__ == "__main__":
    unittest.main()
