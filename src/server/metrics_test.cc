// What Prometheus reads.

#include "test/daemon/test_daemon.h"

#include <fstream>
#include <sstream>

namespace kssedr::server {
namespace {

using namespace std::chrono_literals;
using ports::Operation;
using ports::Service;

rotation::Outcome outcome_of(rotation::OutcomeKind kind, std::string resource) {
    rotation::Outcome outcome;
    outcome.kind = kind;
    outcome.resource = std::move(resource);
    outcome.duration = 3s;
    return outcome;
}

std::string const account = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a";

// The page, and that each of its lines is one that Prometheus reads.
Task<std::string> scrape(TestDaemon& daemon) {
    auto const response = co_await daemon.ask("GET", "/metrics");
    EXPECT_EQ(response.status, 200U);
    EXPECT_EQ(*response.headers.find("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    std::istringstream lines(response.body);
    std::string family;
    std::set<std::string> families, samples;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("# HELP ")) {
            family = line.substr(7, line.find(' ', 7) - 7);
            EXPECT_TRUE(families.insert(family).second) << family << " comes twice";
            continue;
        }
        if (line.starts_with("# TYPE " + family + ' ')) continue;
        EXPECT_TRUE(line.starts_with(family)) << line;
        EXPECT_TRUE(samples.insert(line.substr(0, line.rfind(' '))).second) << line << " comes twice";
    }
    EXPECT_TRUE(response.body.ends_with('\n'));
    co_return response.body;
}

CORO_TEST(Metrics, CountsWhatItIsTold) {
    TestDaemon daemon(executor(), clock());
    auto& metrics = daemon.metrics;
    for (int i = 0; i < 2; ++i) metrics.outcome_kept("hub", outcome_of(rotation::OutcomeKind::rotated, account));
    metrics.outcome_kept("sweep", outcome_of(rotation::OutcomeKind::failed, "postgresql://db.example/app"));
    metrics.outcome_kept("hub", outcome_of(rotation::OutcomeKind::ignored, ""));
    metrics.call_ended({Service::key_vault, Operation::read, 200, 30ms});
    metrics.call_ended({Service::key_vault, Operation::read, 429, 200s});
    metrics.call_ended({Service::entra, Operation::token, 0, 1s});
    metrics.token_issued(Service::key_vault, 1h);
    co_await clock().sleep_for(10min);
    auto const text = co_await scrape(daemon);
    for (std::string const line : {
             R"(kssedr_build_info{version="1.2.3"} 1)",
             R"(kssedr_events_total{source="hub",outcome="rotated"} 2)",
             R"(kssedr_events_total{source="hub",outcome="ignored"} 1)",
             R"(kssedr_rotations_total{provider="microsoft.storage/storageaccounts",outcome="rotated"} 2)",
             R"(kssedr_rotations_total{provider="postgresql",outcome="failed"} 1)",
             R"(kssedr_rotation_duration_seconds_bucket{outcome="rotated",le="2.5"} 0)",
             R"(kssedr_rotation_duration_seconds_bucket{outcome="rotated",le="5"} 2)",
             R"(kssedr_rotation_duration_seconds_bucket{outcome="rotated",le="+Inf"} 2)",
             R"(kssedr_rotation_duration_seconds_sum{outcome="rotated"} 6)",
             R"(kssedr_rotation_duration_seconds_count{outcome="rotated"} 2)",
             R"(kssedr_upstream_requests_total{service="key_vault",operation="read",status="200"} 1)",
             R"(kssedr_upstream_requests_total{service="entra",operation="token",status="none"} 1)",
             R"(kssedr_upstream_request_duration_seconds_bucket{service="key_vault",le="30"} 1)",
             R"(kssedr_upstream_request_duration_seconds_bucket{service="key_vault",le="+Inf"} 2)",
             R"(kssedr_upstream_throttled_total{service="key_vault"} 1)",
             R"(kssedr_token_age_seconds{service="key_vault"} 600)",
             R"(kssedr_token_remaining_seconds{service="key_vault"} 3000)",
             R"(kssedr_store_ready 1)",
             R"(kssedr_inbox_messages 0)",
         })
        EXPECT_TRUE(text.contains('\n' + line + '\n') || text.starts_with(line)) << line;
}

CORO_TEST(Metrics, WhatComesFromOutsideMakesNoLabel) {
    TestDaemon daemon(executor(), clock());
    for (int i = 0; i < 3000; ++i) {
        auto const name = "invented-" + std::to_string(i) + "\"} 1\nkssedr_evil 1";
        daemon.metrics.outcome_kept(
            name, outcome_of(rotation::OutcomeKind::refused, "/subscriptions/s/resourceGroups/g/providers/Invented.P" +
                                                                 std::to_string(i) + "/things/a"));
        daemon.metrics.call_ended({Service::other, Operation::other, i, 1ms});
    }
    auto const text = co_await scrape(daemon);
    EXPECT_TRUE(text.contains(R"(kssedr_events_total{source="other",outcome="refused"} 3000)"));
    EXPECT_TRUE(text.contains(R"(kssedr_rotations_total{provider="other",outcome="refused"} 3000)"));
    EXPECT_TRUE(text.contains(R"(status="2xx")"));
    EXPECT_FALSE(text.contains("vented"));
    EXPECT_FALSE(text.contains("kssedr_evil"));
    EXPECT_LT(text.size(), 20'000U);
}

CORO_TEST(Metrics, TellsTheStatus) {
    TestDaemon daemon(executor(), clock());
    auto& snapshot = daemon.status.snapshot;
    snapshot.sources = {{"hub", {ports::SourceState::retrying, "no route", {}, 17}}};
    snapshot.vaults = {{"shop.vault.azure.net", {false, "403", {}}}};
    snapshot.in_flight = 3;
    snapshot.leases = 2;
    engine::SweepSummary summary;
    summary.overdue = 1;
    summary.soonest = {{"shop.vault.azure.net", "web", clock().now() - 1h}};
    snapshot.last_sweep = {clock().now(), summary};
    daemon.store.trouble = "gone";
    auto const text = co_await scrape(daemon);
    for (std::string const line :
         {R"(kssedr_source_ready{source="hub"} 0)", R"(kssedr_source_backlog_events{source="hub"} 17)",
          R"(kssedr_vault_ready{vault="shop.vault.azure.net"} 0)", "kssedr_deliveries_in_flight 3",
          "kssedr_leases_held 2", R"(kssedr_sweep_secrets{result="overdue"} 1)", "kssedr_soonest_expiry_seconds -3600"})
        EXPECT_TRUE(text.contains('\n' + line + '\n')) << line;
    EXPECT_FALSE(text.contains("kssedr_parked_entries")) << "not known is not zero";
}

TEST(Exposition, EscapesLabels) {
    Exposition out;
    out.begin("m", MetricKind::gauge, "h");
    out.sample({{"l", "a\"b\\c\nd"}}, 0.5);
    EXPECT_EQ(std::move(out).text(), "# HELP m h\n# TYPE m gauge\nm{l=\"a\\\"b\\\\c\\nd\"} 0.5\n");
}

TEST(Exposition, ATableHasItsLimit) {
    Counters counters("m_total", "h", {"l"});
    for (int i = 0; i < 5000; ++i) counters.count({std::to_string(i)});
    Exposition out;
    counters.write(out);
    auto const text = std::move(out).text();
    EXPECT_LE(std::ranges::count(text, '\n'), 1003);
    EXPECT_TRUE(text.contains("m_total{l=\"other\"} 4000"));
}

}  // namespace
}  // namespace kssedr::server
