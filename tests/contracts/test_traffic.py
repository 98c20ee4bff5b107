"""What every router promises, on a real one. A new router adds its factory to `traffic_harness` and runs this unchanged."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contracts.traffic_harness import WHOLE, Stage
from seaway import errors
from seaway.model.instance import Fence
from seaway.model.routing import Backend as Destination
from seaway.model.service import Route
from traffic_peers import Client, Load, eventually

pytestmark = pytest.mark.real


def now() -> datetime:
    return datetime.now(UTC)


class TestConverge:
    def test_a_first_routing_starts_the_router_and_is_verified_on_every_worker(self, stage: Stage) -> None:
        seen = stage.shift({"api-a": WHOLE})
        assert seen.workers == (1, 1)
        assert seen.weights == {"api-a": WHOLE}
        assert stage.request()[2] == b"api-a GET 0"

    def test_the_same_wish_again_changes_nothing(self, stage: Stage) -> None:
        routing = stage.routing({"api-a": WHOLE})
        stage.router.converge(routing, stage.fence())
        before = stage.router.look("api").proxy
        stage.another().converge(routing, stage.fence())
        assert stage.router.look("api").proxy == before

    def test_weights_divide_the_requests(self, stage: Stage) -> None:
        stage.shift({"api-b": 250_000, "api-a": 750_000})
        load = Load(stage.loop, stage.port, pause=0)
        eventually(lambda: load.answers.total() > 1500)
        load.stop()
        share = load.answers["api-b"] / load.answers.total()
        assert 0.18 < share < 0.32
        counts = stage.router.look("api").counts
        assert {name: side.started for name, side in counts.items()} == dict(load.answers)

    def test_shifts_under_load_lose_nothing(self, stage: Stage) -> None:
        stage.shift({"api-b": 0, "api-a": WHOLE})
        load = Load(stage.loop, stage.port)
        for ppm in (10_000, 500_000, WHOLE, 0, WHOLE, 250_000, 0, 1, WHOLE, 0):
            stage.shift({"api-b": ppm, "api-a": WHOLE - ppm})
            time.sleep(0.05)
        load.stop()
        assert load.failures == []
        assert load.answers.total() > 100

    def test_revisions_come_and_go_at_full_weight_and_no_route_ever_names_a_missing_one(self, stage: Stage) -> None:
        stage.shift({"api-0": WHOLE})
        load = Load(stage.loop, stage.port)
        for number in range(1, 6):
            stage.shift({f"api-{number}": WHOLE, f"api-{number - 1}": 0})
            assert set(stage.shift({f"api-{number}": WHOLE}).weights) == {f"api-{number}"}
        assert load.stop().failures == []

    def test_after_a_verified_switch_no_new_request_reaches_the_other_side(self, stage: Stage) -> None:
        stage.shift({"api-b": 0, "api-a": WHOLE})
        load = Load(stage.loop, stage.port)
        time.sleep(0.1)
        before = stage.shift({"api-b": WHOLE, "api-a": 0}).counts["api-a"].started
        time.sleep(0.2)
        assert stage.router.look("api").counts["api-a"].started == before
        assert load.stop().failures == []

    def test_instances_come_and_go_without_a_lost_request(self, stage: Stage) -> None:
        first, second = stage.backend("one").address, stage.backend("two").address
        stage.shift({"api-a": WHOLE}, backends=(Destination("api-a", WHOLE, (first,)),))
        load = Load(stage.loop, stage.port)
        slow = stage.fly("/slow/1.5")
        time.sleep(0.1)
        for addresses in ((first, second), (second,), (first, second), (first,), (second,)):
            stage.shift({"api-a": WHOLE}, backends=(Destination("api-a", WHOLE, addresses),))
            time.sleep(0.1)
        assert slow.result(60)[0] == 200
        assert load.stop().failures == []

    def test_services_share_a_router_and_leave_each_other_alone(self, stage: Stage) -> None:
        stage.shift({"api-a": WHOLE}, routes=(Route(paths=("/api",)),))
        stage.shift({"web-a": WHOLE}, service="web")
        stage.shift({"api-a": WHOLE}, routes=(Route(paths=("/api",)),))
        assert stage.request("/api/x")[2].startswith(b"api-a")
        assert stage.request("/apix")[2].startswith(b"web-a")
        stage.router.converge(replace(stage.routing({"web-a": WHOLE}, service="web"), backends=()), stage.fence("web"))
        assert stage.request("/apix")[0] == 404
        assert stage.router.look("web").workers == ()
        assert stage.request("/api")[0] == 200

    def test_the_preview_host_reaches_the_candidate_at_weight_zero(self, stage: Stage) -> None:
        stage.shift({"api-b": 0, "api-a": WHOLE}, preview="api-b", preview_host="next.example.org")
        assert stage.request()[2].startswith(b"api-a")
        assert stage.request(headers={"Host": "next.example.org"})[2].startswith(b"api-b")
        assert stage.router.look("api").weights == {"api-b": 0, "api-a": WHOLE}

    def test_a_request_id_from_outside_is_replaced(self, stage: Stage) -> None:
        stage.shift({"api-a": WHOLE})
        head = stage.request("/head", headers={"x-request-id": "mine"})[2]
        assert b"x-request-id" in head
        assert b"mine" not in head

    def test_an_instance_that_refuses_is_tried_elsewhere_for_methods_that_may(self, stage: Stage) -> None:
        living, dead = stage.backend("one"), stage.backend("two")
        stage.shift({"api-a": WHOLE}, backends=(Destination("api-a", WHOLE, (living.address, dead.address)),))
        begin = now()
        dead.kill()
        for _ in range(6):  # what was on its way at that moment is lost
            time.sleep(0.1)
            stage.request()
        statuses = Counter(stage.request()[0] for _ in range(12))
        assert statuses == {200: 12}
        assert stage.router.losses("api", begin, now()).sides["api-a"].retried > 0


class TestRefusals:
    @pytest.mark.parametrize(
        "weights", [{"api-b": 0, "api-a": 0}, {"api-a": 999_999}, {"api-b": -1, "api-a": WHOLE + 1}]
    )
    def test_weights_that_are_no_division_are_never_written(self, stage: Stage, weights: dict[str, int]) -> None:
        stage.shift({"api-b": 0, "api-a": WHOLE})
        with pytest.raises(errors.Refused, match="sum to 1000000"):
            stage.router.converge(stage.routing(weights), stage.fence())
        assert stage.router.look("api").rejected == 0

    def test_a_revision_that_has_weight_cannot_leave(self, stage: Stage) -> None:
        stage.shift({"api-b": 1, "api-a": WHOLE - 1})
        with pytest.raises(errors.Conflict, match="api-b still has weight 1 ppm"):
            stage.router.converge(stage.routing({"api-a": WHOLE}), stage.fence())
        stage.shift({"api-b": 0, "api-a": WHOLE})
        assert stage.shift({"api-a": WHOLE}).weights == {"api-a": WHOLE}

    def test_traffic_never_moves_to_a_revision_that_is_not_ready(self, stage: Stage) -> None:
        stage.shift({"api-a": WHOLE})
        stage.backend("api-b").ready = False
        with pytest.raises(errors.NotReachable, match="no healthy instance of api-b"):
            stage.router.converge(stage.routing({"api-b": 1, "api-a": WHOLE - 1}), stage.fence())
        nobody = (Destination("api-b", 1, ()), Destination("api-a", WHOLE - 1, (stage.backend("api-a").address,)))
        with pytest.raises(errors.Refused, match="no instance"):
            stage.router.converge(stage.routing({}, backends=nobody), stage.fence())
        assert stage.router.look("api").weights == {"api-a": WHOLE}
        assert stage.request()[0] == 200

    def test_a_dead_stable_side_does_not_block_the_fix(self, stage: Stage) -> None:
        stage.shift({"api-a": WHOLE})
        stage.backend("api-a").kill()
        fix = (Destination("api-b", 500_000, (stage.backend("api-b").address,)), Destination("api-a", 500_000, ()))
        stage.shift({}, backends=fix)

    def test_an_owner_with_a_lower_epoch_changes_nothing(self, stage: Stage) -> None:
        stage.router.converge(stage.routing({"api-a": WHOLE}), stage.fence(epoch=5))
        with pytest.raises(errors.Fenced):
            stage.another().converge(stage.routing({"api-b": WHOLE, "api-a": 0}), stage.fence(epoch=4))
        assert stage.router.look("api").weights == {"api-a": WHOLE}
        stage.router.converge(
            stage.routing({"web-a": WHOLE}, service="web", routes=(Route(paths=("/w",)),)), Fence("test/web", 1)
        )

    def test_a_place_that_two_services_claim_is_an_error_before_anything_is_written(self, stage: Stage) -> None:
        stage.shift({"api-a": WHOLE})
        with pytest.raises(errors.Conflict, match="all hosts/ is claimed by api and by web"):
            stage.router.converge(stage.routing({"web-a": WHOLE}, service="web"), stage.fence("web"))

    def test_what_the_proxy_refuses_is_told_in_its_words_and_undone(self, stage: Stage) -> None:
        stage.shift({"api-a": WHOLE})
        broken = (
            Destination("api-b", 0, ("no-address:80",)),
            Destination("api-a", WHOLE, (stage.backend("api-a").address,)),
        )
        with pytest.raises(errors.Refused, match="malformed IP address: no-address"):
            stage.router.converge(stage.routing({}, backends=broken), stage.fence())
        seen = stage.router.look("api")
        assert seen.rejected >= 1
        assert "malformed IP address" in seen.problem
        stage.shift({"api-b": 500_000, "api-a": 500_000})


class TestLiars:
    def test_a_frozen_folder_is_seen(self, stage: Stage) -> None:
        stage.shift({"api-b": 0, "api-a": WHOLE})
        stage.factory.tamper.freeze(stage.folder)
        routing = stage.routing({"api-b": WHOLE, "api-a": 0})
        with pytest.raises(errors.NotReachable, match="did not take the new routes"):
            stage.router.converge(routing, stage.fence())
        seen = stage.router.look("api")
        assert not seen.verified(routing.generation)
        assert seen.weights == {"api-b": 0, "api-a": WHOLE}

    def test_a_weight_changed_behind_our_back_is_seen(self, stage: Stage) -> None:
        stage.shift({"api-b": 0, "api-a": WHOLE})
        stage.factory.tamper.weights(stage.folder, 0, 70_000)
        assert eventually(lambda: stage.router.look("api").weights.get("api-b") == 70_000)

    def test_a_configuration_that_the_proxy_refuses_is_counted(self, stage: Stage) -> None:
        stage.shift({"api-a": WHOLE})
        stage.factory.tamper.invalid(stage.folder)
        assert eventually(lambda: stage.router.look("api").rejected == 1)
        assert stage.router.look("api").problem

    def test_nobody_to_ask_is_an_error_and_not_an_answer(self, stage: Stage) -> None:
        with pytest.raises(errors.NotReachable):
            stage.router.look("api")

    def test_requests_at_the_verification_host_from_outside_learn_nothing(self, stage: Stage) -> None:
        stage.shift({"api-a": WHOLE})
        assert stage.request("/generation/api", headers={"Host": "seaway.verify"})[0] == 404


class TestLosses:
    def test_k_requests_in_flight_on_a_killed_backend_are_exactly_k_failures(self, stage: Stage) -> None:
        stage.shift({"api-b": WHOLE, "api-a": 0})
        begin = now()
        flying = [stage.fly("/slow/30") for _ in range(7)]
        assert eventually(lambda: stage.router.look("api").counts["api-b"].active == 7)
        stage.backend("api-b").kill()
        assert [each.result(60)[0] for each in flying] == [503] * 7
        stage.shift({"api-b": 0, "api-a": WHOLE})
        stage.request()
        side = stage.router.losses("api", begin, now()).sides
        assert (side["api-b"].failed, side["api-b"].served) == (7, 0)
        assert (side["api-a"].failed, side["api-a"].served) == (0, 1)

    def test_answers_that_fail_or_break_off_are_failures_and_clients_that_leave_are_not(self, stage: Stage) -> None:
        stage.shift({"api-a": WHOLE})
        begin = now()
        for path in ("/fail", "/drop", "/half", "/"):
            with suppress(EOFError, OSError):
                stage.request(path)

        async def leave() -> None:
            client = Client(stage.port)
            with suppress(TimeoutError):
                await asyncio.wait_for(client.request("GET", "/slow/9"), 0.2)
            await client.close()

        stage.loop.run(leave())
        time.sleep(0.1)
        side = stage.router.losses("api", begin, now()).sides["api-a"]
        assert (side.failed, side.served) == (3, 1)
        assert side.max_ms is not None

    def test_an_interval_holds_exactly_what_ended_inside_it(self, stage: Stage) -> None:
        stage.shift({"api-a": WHOLE})
        stage.request()
        time.sleep(0.02)
        begin = now()
        stage.request()
        stage.request()
        time.sleep(0.02)
        end = now()
        stage.request()
        losses = stage.router.losses("api", begin, end)
        assert losses.sides["api-a"].served == 2
        assert losses.unseen == timedelta()

    def test_probes_answer_through_the_public_listener_and_are_not_counted(self, stage: Stage) -> None:
        stage.shift({"api-b": WHOLE, "api-a": 0})
        begin = now()
        probed = stage.router.probe("api", 25)
        assert (probed.answered, probed.failed) == ({"api-b": 25}, 0)
        stage.request("/ready", headers={"x-seaway-probe": "guessed"})
        assert stage.router.losses("api", begin, now()).sides["api-b"].served == 1

    def test_a_probe_that_nobody_answers_has_failed(self, stage: Stage) -> None:
        stage.shift({"api-a": WHOLE})
        stage.backend("api-a").kill()
        assert stage.router.probe("api", 3).failed == 3

    def test_clients_and_the_ledger_agree_after_shifts_under_load(self, stage: Stage) -> None:
        stage.shift({"api-b": 0, "api-a": WHOLE})
        begin = now()
        load = Load(stage.loop, stage.port)
        for ppm in (300_000, WHOLE, 0):
            stage.shift({"api-b": ppm, "api-a": WHOLE - ppm})
            time.sleep(0.1)
        load.stop()
        sides = stage.router.losses("api", begin, now()).sides
        assert {name: side.served for name, side in sides.items()} == dict(load.answers)


class TestStreams:
    def test_a_websocket_stays_through_weight_zero_and_removal_and_is_gauged(self, stage: Stage) -> None:
        stage.shift({"api-b": 0, "api-a": WHOLE})

        async def talk() -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
            writer.write(
                b"GET /socket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            )
            assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
            for weights in ({"api-b": WHOLE, "api-a": 0}, {"api-b": WHOLE}):
                await asyncio.to_thread(stage.shift, weights)
                writer.write(b"\x81\x80\0\0\0\0")
                assert await reader.readexactly(6) == b"\x81\x80\0\0\0\0"
                if "api-a" in weights:
                    assert (await asyncio.to_thread(stage.router.look, "api")).counts["api-a"].active == 1
            writer.close()

        begin = now()
        stage.loop.run(talk())
        side = eventually(lambda: stage.router.losses("api", begin, now()).sides.get("api-a"))
        assert (side.served, side.failed) == (1, 0)


class TestSticky:
    COOKIE = "seaway"

    def arrive(self, stage: Stage, users: int) -> dict[str, str]:
        """Cookie -> revision for new users."""

        async def all_of_them() -> dict[str, str]:
            client, found = Client(stage.port), {}
            for _ in range(users):
                _, headers, _ = await client.request("GET", "/")
                found[headers["set-cookie"].split(";")[0]] = headers["x-seaway-revision"]
            await client.close()
            return found

        return stage.loop.run(all_of_them())

    def again(self, stage: Stage, users: dict[str, str]) -> dict[str, str]:
        async def all_of_them() -> dict[str, str]:
            client, found = Client(stage.port), {}
            for cookie in users:
                _, headers, _ = await client.request("GET", "/", {"Cookie": f"other=1; {cookie}; last=2"})
                assert "set-cookie" not in headers
                found[cookie] = headers["x-seaway-revision"]
            await client.close()
            return found

        return stage.loop.run(all_of_them())

    def test_nobody_changes_sides_when_the_weight_grows(self, stage: Stage) -> None:
        from contracts.traffic_harness import STICKY

        stage.shift({"api-b": 50_000, "api-a": 950_000}, sticky=STICKY)
        users = self.arrive(stage, 1000)
        assert self.again(stage, users) == users
        shares = [sum(side == "api-b" for side in users.values())]
        for ppm in (100_000, 250_000, 500_000):
            stage.shift({"api-b": ppm, "api-a": WHOLE - ppm}, sticky=STICKY)
            later = self.again(stage, users)
            assert [cookie for cookie in users if users[cookie] == "api-b" and later[cookie] == "api-a"] == []
            users = later
            shares.append(sum(side == "api-b" for side in users.values()))
        assert all(abs(share - 1000 * ppm) < 65 for share, ppm in zip(shares, (0.05, 0.1, 0.25, 0.5), strict=True))

    def test_another_salt_is_another_division(self, stage: Stage) -> None:
        from contracts.traffic_harness import STICKY

        stage.shift({"api-b": 500_000, "api-a": 500_000}, sticky=STICKY)
        users = self.arrive(stage, 300)
        stage.shift({"api-b": 500_000, "api-a": 500_000}, sticky=replace(STICKY, salt="salt-2"))
        later = self.again(stage, users)
        both = sum(users[cookie] == later[cookie] == "api-b" for cookie in users)
        assert 0.15 < both / 300 < 0.35

    def test_new_users_are_counted_apart(self, stage: Stage) -> None:
        from contracts.traffic_harness import STICKY

        stage.shift({"api-b": 500_000, "api-a": 500_000}, sticky=STICKY)
        users = self.arrive(stage, 20)
        self.again(stage, users)
        counts = stage.router.look("api").counts
        assert sum(side.assigned or 0 for side in counts.values()) == 20
        assert sum(side.started for side in counts.values()) == 40

    def test_users_may_be_told_apart_by_a_header(self, stage: Stage) -> None:
        sticky = replace(
            __import__("contracts.traffic_harness", fromlist=["STICKY"]).STICKY, cookie="", header="x-user"
        )
        stage.shift({"api-b": 500_000, "api-a": 500_000}, sticky=sticky)
        sides = [
            {stage.request(headers={"x-user": f"u{user}"})[1]["x-seaway-revision"] for _ in range(3)}
            for user in range(12)
        ]
        assert all(len(side) == 1 for side in sides)
        assert set().union(*sides) == {"api-a", "api-b"}
