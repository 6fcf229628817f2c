#include "fleet.h"

#include "world.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

namespace kssedr::simulation {
namespace {

/// What one world amounted to: small enough that a pipe takes it whole, whoever else writes.
struct Record {
    std::uint64_t seed = 0;
    bool has_failed = false;
    Statistics statistics;
};
static_assert(std::is_trivially_copyable_v<Record> && sizeof(Record) <= 512);

Record run_one(std::uint64_t seed, Tour const& tour) {
    World world(make_plan(seed), tour.mutation, nullptr, tour.services);
    auto const verdict = world.run();
    return {seed, verdict.violation.has_value(), verdict.statistics};
}

void add(FleetReport& report, Record const& record) {
    report.total.add(record.statistics);
    if (record.has_failed) report.failing.insert(std::ranges::lower_bound(report.failing, record.seed), record.seed);
}

// In a child: its share of the tour, until nobody listens any more.
[[noreturn]] void work(Tour const& tour, std::uint64_t first, unsigned jobs, int pipe) {
    for (auto number = first; number < tour.size(); number += jobs) {
        auto const record = run_one(tour.seed(number), tour);
        if (write(pipe, &record, sizeof record) != static_cast<ssize_t>(sizeof record)) break;
    }
    _exit(0);
}

FleetReport run_here(Tour const& tour, std::function<bool(FleetReport const&)> const& keeps_going) {
    FleetReport report;
    for (std::uint64_t number = 0; number < tour.size(); ++number) {
        add(report, run_one(tour.seed(number), tour));
        if (!keeps_going(report)) break;
    }
    return report;
}

}  // namespace

FleetReport run_fleet(Tour const& tour, unsigned jobs, std::function<bool(FleetReport const&)> keeps_going) {
    if (jobs <= 1) return run_here(tour, keeps_going);
    FleetReport report;
    int ends[2] = {};
    if (pipe(ends) != 0) return run_here(tour, keeps_going);
    std::fflush(nullptr);
    std::vector<pid_t> children;
    for (unsigned i = 0; i < jobs; ++i) {
        auto const child = fork();
        if (child == 0) {
            close(ends[0]);
            work(tour, i, jobs, ends[1]);
        }
        if (child > 0) children.push_back(child);
    }
    close(ends[1]);
    report.has_crashed = children.size() < jobs;
    bool was_stopped = false;
    for (;;) {
        constexpr int half_a_second = 500;
        pollfd waiting{ends[0], POLLIN, 0};
        bool const has_news = poll(&waiting, 1, half_a_second) > 0;
        if (has_news) {
            Record record;
            // Nothing to read and nobody left to write: all are through.
            if (read(ends[0], &record, sizeof record) != static_cast<ssize_t>(sizeof record)) break;
            add(report, record);
        }
        was_stopped = !keeps_going(report);
        if (was_stopped) break;
    }
    for (auto const child : children) {
        if (was_stopped) kill(child, SIGTERM);
        int status = 0;
        waitpid(child, &status, 0);
        if (!was_stopped && status != 0) report.has_crashed = true;
    }
    close(ends[0]);
    return report;
}

}  // namespace kssedr::simulation
