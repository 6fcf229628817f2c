"""A source over Kafka's protocol, against librdkafka's mock cluster: what is taken is committed, what is not comes again,
whoever dies or leaves, whatever fails."""

from __future__ import annotations

import unittest
from pathlib import Path

from database_servers import BINARIES, leave_where_missing, wait_until
from kafka_processes import Cluster, Taker

# Kinds of requests, and errors, by their numbers in Kafka's protocol.
FETCH, OFFSET_COMMIT, JOIN_GROUP, HEARTBEAT = 1, 8, 11, 12
NOT_LEADER, COORDINATOR_NOT_AVAILABLE, ILLEGAL_GENERATION, UNKNOWN_MEMBER = 6, 15, 22, 25
UNKNOWN_TOPIC, TOPIC_REFUSED, GROUP_REFUSED = 3, 29, 30


MOST_KILOBYTES = 50_000


def names(count: int, begin: int = 0) -> list[str]:
    return [f"m{number}" for number in range(begin, begin + count)]


def resident_kilobytes(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


class Sources(unittest.TestCase):
    def cluster(self, **options: int) -> Cluster:
        cluster = Cluster(**options)
        self.addCleanup(cluster.close)
        return cluster

    def taker(self, cluster: Cluster, *options: str) -> Taker:
        taker = Taker(cluster.addresses, *options)
        self.addCleanup(taker.close)
        return taker

    def wait_committed(self, cluster: Cluster, offsets: list[int]) -> None:
        seen: list[list[int]] = []

        def is_so() -> bool:
            seen.append(cluster.committed())
            return seen[-1] == offsets

        try:
            wait_until(is_so, "committed")
        except AssertionError as error:
            raise AssertionError(f"{offsets} are not committed, but {seen[-1]}") from error


class Offsets(Sources):
    def test_what_is_taken_is_committed(self) -> None:
        cluster = self.cluster()
        cluster.do("many 40")
        taker = self.taker(cluster)
        self.assertEqual(sorted(taker.wait_taken(40)), sorted(names(40)))
        self.wait_committed(cluster, [10] * 4)
        taker.wait_line("health ready 0 $")

    def test_only_what_is_taken_without_a_gap_is_committed(self) -> None:
        cluster = self.cluster(partitions=1)
        cluster.do("many 6")
        taker = self.taker(cluster, "hold=1")
        taker.wait_taken(6)
        for value in ("m0", "m1", "m3", "m5"):
            taker.say(f"complete {value}")
        self.wait_committed(cluster, [2])
        taker.say("complete m2")
        self.wait_committed(cluster, [4])
        taker.say("complete m4")
        self.wait_committed(cluster, [6])

    def test_killed_between_taking_and_committing_what_was_under_way_comes_again(self) -> None:
        cluster = self.cluster(partitions=1)
        cluster.do("many 8")
        killed = self.taker(cluster, "hold=1")
        killed.wait_taken(8)
        killed.say("done 3")
        self.wait_committed(cluster, [3])
        killed.close()
        # The group finds out after the session's time.
        survivor = self.taker(cluster)
        self.assertEqual(survivor.wait_taken(5), names(5, 3))
        self.wait_committed(cluster, [8])

    def test_stopped_it_commits_what_is_taken_and_no_more(self) -> None:
        cluster = self.cluster(partitions=1)
        cluster.do("many 8")
        stopped = self.taker(cluster, "hold=1")
        stopped.wait_taken(8)
        stopped.say("done 3")
        stopped.say("complete m5")
        stopped.stop()
        self.assertEqual(cluster.committed(), [3])
        again = self.taker(cluster)
        self.assertEqual(again.wait_taken(5, patience=20), names(5, 3))

    def test_what_does_not_exist_yet_is_read_from_where_it_is_said(self) -> None:
        cluster = self.cluster(partitions=1)
        cluster.do("many 3")
        latest = self.taker(cluster, "start=latest")
        latest.wait_line("health ready")
        # It asks the end at its own time: of what is produced until it has, it takes nothing.
        number = 3

        def has_come() -> bool:
            nonlocal number
            cluster.do(f"produce 0 n{number}")
            number += 1
            return bool(latest.taken())

        wait_until(has_come, "a message after the start is taken")
        self.assertTrue(all(value.startswith("n") for value in latest.taken()))

    def test_whatever_stands_in_a_message_is_handed_over_as_it_is(self) -> None:
        cluster = self.cluster(partitions=1)
        cluster.do("produce 0 null")
        cluster.do("produce 0 5000000 bytes")
        cluster.do("produce 0 last")
        taker = self.taker(cluster)
        self.assertEqual(taker.wait_taken(3), ["", "5000000 bytes", "last"])
        self.wait_committed(cluster, [3])


class Groups(Sources):
    def test_members_share_partitions_and_hand_them_over_with_nothing_taken_twice(self) -> None:
        cluster = self.cluster()
        first = self.taker(cluster)
        first.wait_line("kafka.assigned .*partitions=4")
        cluster.do("many 40")
        first.wait_taken(40)
        second = self.taker(cluster)
        second.wait_line("kafka.assigned .*partitions=2")
        first.wait_line("kafka.given_back .*partitions=2")
        cluster.do("many 40")
        wait_until(lambda: len(first.taken()) + len(second.taken()) >= 80, "all are taken")
        self.assertEqual(len(second.taken()), 20)
        first.stop()
        second.wait_line("kafka.assigned .*partitions=4")
        cluster.do("many 40")
        second.wait_taken(60)
        self.wait_committed(cluster, [30] * 4)
        self.assertEqual(len(first.taken()) + len(second.taken()), 120)

    def test_a_member_that_is_killed_leaves_its_partitions_to_the_other(self) -> None:
        cluster = self.cluster()
        killed = self.taker(cluster, "hold=1")
        killed.wait_line("kafka.assigned .*partitions=4")
        survivor = self.taker(cluster)
        survivor.wait_line("kafka.assigned .*partitions=2")
        cluster.do("many 40")
        killed.wait_taken(20)
        survivor.wait_taken(20)
        killed.close()
        self.assertEqual(sorted(survivor.wait_taken(40)), sorted(names(40)))
        self.wait_committed(cluster, [10] * 4)

    def test_a_partition_is_given_back_when_what_is_under_way_is_taken(self) -> None:
        cluster = self.cluster(partitions=2)
        first = self.taker(cluster, "hold=1")
        cluster.do("many 4")
        first.wait_taken(4)
        second = self.taker(cluster)
        first.wait_line("kafka.asked_back .*less=1")
        first.say("done 4")
        second.wait_line("kafka.assigned .*partitions=1")
        self.wait_committed(cluster, [2, 2])
        self.assertEqual(second.taken(), [])

    def test_a_partition_is_given_back_though_what_is_under_way_never_ends(self) -> None:
        cluster = self.cluster(partitions=2)
        first = self.taker(cluster, "hold=1")
        cluster.do("many 4")
        first.wait_taken(4)
        second = self.taker(cluster)
        self.assertEqual(len(second.wait_taken(2)), 2)
        # What ends too late is nobody's any more, and moves no offset of a partition that was given back.
        first.say("done 4")
        self.wait_committed(cluster, [2, 2])


class Faults(Sources):
    def test_brokers_that_go_and_come_lose_nothing(self) -> None:
        cluster = self.cluster()
        cluster.do("many 8")
        taker = self.taker(cluster)
        taker.wait_taken(8)
        self.wait_committed(cluster, [2] * 4)
        taker.wait_line("health ready")
        cluster.do("down")
        taker.wait_line("health retrying .*answers|health retrying .*onnect")
        before = len(taker.lines)
        cluster.do("up")
        taker.wait_line("health ready", after=before)
        cluster.do("many 8")
        taker.wait_taken(16)
        self.wait_committed(cluster, [4] * 4)

    def test_it_ends_in_seconds_though_nobody_answers(self) -> None:
        cluster = self.cluster()
        cluster.do("many 8")
        taker = self.taker(cluster, "hold=1")
        taker.wait_taken(8)
        cluster.do("down")
        taker.wait_line("health retrying")
        taker.say("done 8")
        taker.stop(patience=8)
        taker.wait_line("kafka.not_left")

    def test_nobody_is_there_at_the_start(self) -> None:
        cluster = self.cluster()
        cluster.do("down")
        taker = self.taker(cluster)
        taker.wait_line("health retrying ")
        before = len(taker.lines)
        cluster.do("up")
        taker.wait_line("health ready", after=before)

    def test_commits_that_fail_are_sent_again(self) -> None:
        for error in (COORDINATOR_NOT_AVAILABLE, ILLEGAL_GENERATION, GROUP_REFUSED):
            with self.subTest(error=error):
                cluster = self.cluster(partitions=1)
                cluster.do(f"errors {OFFSET_COMMIT} 6 {error}")
                cluster.do("many 4")
                taker = self.taker(cluster)
                taker.wait_taken(4)
                self.wait_committed(cluster, [4])
                if error == GROUP_REFUSED:
                    taker.wait_line("kafka.not_committed")
                taker.close()
                cluster.close()

    def test_fetches_that_fail_are_sent_again(self) -> None:
        cluster = self.cluster(partitions=1)
        cluster.do(f"errors {FETCH} 3 {NOT_LEADER}")
        cluster.do("many 4")
        taker = self.taker(cluster)
        self.assertEqual(taker.wait_taken(4), names(4))

    def test_partitions_lost_to_the_group_come_back_with_what_was_not_committed(self) -> None:
        cluster = self.cluster(partitions=1)
        cluster.do("many 4")
        taker = self.taker(cluster, "hold=1")
        taker.wait_taken(4)
        taker.say("done 1")
        self.wait_committed(cluster, [1])
        cluster.do(f"errors {HEARTBEAT} 1 {UNKNOWN_MEMBER}")
        # What is under way is still so: it comes once more, and that counts.
        taken = taker.wait_taken(7)
        self.assertEqual(taken, names(4) + names(3, 1))
        taker.say("done 6")
        self.wait_committed(cluster, [4])

    def test_what_only_a_person_can_mend_is_said_with_what_to_do(self) -> None:
        for command, reason in (
            (f"topic-error {UNKNOWN_TOPIC}", "there is no topic near-expiry; make it"),
            (f"topic-error {TOPIC_REFUSED}", "near-expiry may not be read by the group kssedr; give it the right"),
            (f"errors {JOIN_GROUP} 3 {GROUP_REFUSED}", "near-expiry may not be read by the group kssedr; give it the right"),
        ):
            with self.subTest(command=command):
                cluster = self.cluster()
                cluster.do(command)
                taker = self.taker(cluster)
                taker.wait_line(f"health unusable .*{reason}")
                if command.startswith("errors"):
                    taker.wait_line("health ready")
                taker.stop()
                cluster.close()


class Memory(Sources):
    def test_what_is_never_taken_fills_no_memory(self) -> None:
        cluster = self.cluster(partitions=16)
        # The mock cluster keeps five megabytes a partition.
        for number in range(64):
            cluster.do(f"produce {number % 16} 1000000 bytes")
        taker = self.taker(cluster, "hold=1", "bytes=4000000")
        taker.wait_taken(4)
        self.assertEqual(cluster.committed(), [0] * 16)
        self.assertEqual(len(taker.taken()), 4)
        taker.say("done 30")
        taker.wait_taken(34)
        self.assertLess(resident_kilobytes(taker.process.pid), MOST_KILOBYTES)
        taker.say("done 30")
        taker.wait_taken(64)
        taker.say("done 4")
        self.wait_committed(cluster, [4] * 16)
        self.assertLess(resident_kilobytes(taker.process.pid), MOST_KILOBYTES)


if __name__ == "__main__":
    leave_where_missing(BINARIES / "kafka-cluster", BINARIES / "kafka-taker")
    unittest.main()
