#include "engine/sweep_schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kssedr::engine {
namespace {

// However much is due: at Azure's pace this is some ten thousand secrets of one subscription.
constexpr Duration longest_sweep = std::chrono::hours{12};

}  // namespace

SweepSchedule::SweepSchedule(asio::any_io_executor executor, Sweeper& sweeper, Ledger& ledger, ports::OwnerLock& lock,
                             Clock& clock, Random& random, Log& log, SweepScheduleOptions options)
    : sweeper_(sweeper),
      ledger_(ledger),
      clock_(clock),
      random_(random),
      log_(log),
      options_(std::move(options)),
      leadership_(lock, clock, log, options_.lease_key),
      tasks_(std::move(executor), [](std::string const&, std::exception_ptr error) { std::rethrow_exception(error); }) {
}

Task<void> SweepSchedule::run() {
    while (!stopping_.is_open()) {
        bool const is_ours = co_await leadership_.obtain();
        auto const began = clock_.steady_now();
        auto next = began + ask_for_leadership_after;
        if (is_ours) {
            auto const sweeping = std::make_shared<Sweeping>();
            // Each a task of its own: a sweep holds cancellation back, and this is to be cancelled at any time.
            tasks_.spawn("sweep", sweep(sweeping));
            tasks_.spawn("keep", keep(sweeping));
            co_await tasks_.join();
            auto const tenth = static_cast<std::uint64_t>(options_.every.count() / 10);
            next = began + options_.every - Duration{random_.below(tenth + 1)};
            next_ = clock_.now() + std::max<Duration>(next - clock_.steady_now(), Duration{});
        }
        co_await stopping_.wait(clock_, next);
        next_.reset();
    }
}

Task<void> SweepSchedule::sweep(std::shared_ptr<Sweeping> sweeping) {
    SweepRequest request;
    request.deadline = clock_.steady_now() + longest_sweep;
    request.stop = &stopping_;
    std::set<std::string> failed;
    auto on_outcome = [&](rotation::Outcome const& outcome) {
        // What fails once may pass; what fails at two sweeps in a row needs a person.
        auto const secret = outcome.vault + '/' + outcome.secret;
        bool const has_failed = outcome.kind == rotation::OutcomeKind::failed;
        if (has_failed) failed.insert(secret);
        sweeping->outcomes.push_back({outcome, "sweep", {}, !has_failed || failed_before_.contains(secret)});
        sweeping->changed.wake_all();
    };
    auto const summary = co_await sweeper_.sweep(std::move(request), on_outcome);
    failed_before_ = std::move(failed);
    last_ = {summary, clock_.now()};
    sweeping->has_ended = true;
    sweeping->changed.wake_all();
    log_.info("sweep.ended", {{"due", fmt::format("{}", summary.due)},
                              {"done", fmt::format("{}", summary.done)},
                              {"failed", fmt::format("{}", summary.failed)},
                              {"overdue", fmt::format("{}", summary.overdue)}});
}

Task<void> SweepSchedule::keep(std::shared_ptr<Sweeping> sweeping) {
    while (!sweeping->has_ended || !sweeping->outcomes.empty()) {
        if (sweeping->outcomes.empty()) {
            co_await sweeping->changed.wait();
            continue;
        }
        auto settled = std::exchange(sweeping->outcomes, {});
        co_await ledger_.keep(std::move(settled));
    }
}

}  // namespace kssedr::engine
