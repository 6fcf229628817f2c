#include "process.h"

#include "rotation/schedule.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>

namespace kssedr::simulation {

rotation::Policy Process::make_policy(Surroundings const& surroundings) {
    rotation::Policy policy;
    policy.verify = surroundings.plan.verify;
    policy.lead = surroundings.plan.lead;
    policy.min_overlap = surroundings.mutation == Mutation::drop_the_overlap ? Duration{} : surroundings.plan.min_overlap;
    policy.allowed = rotation::AllowedTargets({*rotation::AllowedTarget::parse("/", "vault.azure.net")});
    policy.vaults.emplace();
    for (auto const& vault : surroundings.estate.vaults) policy.vaults->push_back(vault.host);
    return policy;
}

Process::Process(Surroundings surroundings, int number, Chance chance, Duration skew)
    : around_(surroundings),
      context_{.number = number, .skew = skew},
      chance_(chance),
      clock_(around_.timeline, context_, around_.plan, chance_, around_.statistics),
      network_(around_.estate, around_.timeline, context_, clock_, around_.plan, chance_, around_.statistics, around_.trace),
      lease_lock_(around_.leases, around_.timeline, context_, clock_, around_.plan, chance_, around_.statistics, around_.trace),
      mutated_(network_, around_.mutation, clock_),
      log_(*this),
      rotator_({mutated_, mutated_, network_,
                around_.mutation == Mutation::forget_the_lock ? static_cast<ports::OwnerLock&>(no_lock_) : lease_lock_, clock_,
                chance_, log_},
               make_policy(around_)) {
    context_.last_read.resize(around_.estate.secrets.size());
    context_.last_listing.resize(around_.estate.owners.size());
}

void Process::TraceLog::put(LogLevel, std::string_view event, std::initializer_list<LogField> fields) {
    auto& trace = process_.around_.trace;
    if (!trace.is_on()) return;
    std::string text;
    for (auto const& field : fields) text += fmt::format(" {}={}", field.name, field.value);
    trace.say("process {} logs {}{}", process_.context_.number, event, text);
}

void Process::spawn(Task<void> task) {
    ++running_;
    asio::co_spawn(around_.timeline.loop(), std::move(task), [this](std::exception_ptr error) {
        --running_;
        if (!error) return;
        try {
            std::rethrow_exception(error);
        } catch (boost::system::system_error const& thrown) {
            if (context_.life.is_over() && thrown.code() == asio::error::operation_aborted) return;
            around_.checker.violate("I4", std::string("an attempt threw: ") + thrown.what());
        } catch (std::exception const& thrown) {
            around_.checker.violate("I4", std::string("an attempt threw: ") + thrown.what());
        }
    });
}

void Process::handle(Asked asked, OnEnd on_end) {
    spawn(handle_one(std::move(asked), std::move(on_end)));
}

void Process::sweep() {
    spawn(sweep_all());
}

Task<engine::Examination> Process::rotate(int secret, engine::RotationRequest request) {
    // Whose effects are whose, until the attempt has ended, however it ends.
    struct UnderWay {
        std::vector<AttemptUnderWay>& attempts;
        AttemptUnderWay attempt;
        UnderWay(std::vector<AttemptUnderWay>& all, AttemptUnderWay one) : attempts(all), attempt(one) { all.push_back(one); }
        UnderWay(UnderWay const&) = delete;
        UnderWay& operator=(UnderWay const&) = delete;
        ~UnderWay() {
            attempts.erase(std::ranges::find_if(attempts, [&](AttemptUnderWay const& other) {
                return other.secret == attempt.secret && other.began == attempt.began;
            }));
        }
    };
    auto const now = around_.timeline.now();
    UnderWay const under_way(context_.attempts, {secret, now});
    auto const owner = around_.estate.secrets[static_cast<std::size_t>(secret)].owner;
    Handled handled{secret, request.trigger, request.version, now, request.deadline, {}};
    // Skipping the check of the event's version is asking about whichever is current.
    if (around_.mutation == Mutation::skip_the_version_check) request.version.clear();
    auto seen = co_await rotator_.rotate(std::move(request));
    auto const& outcome = seen.outcome;
    auto& statistics = around_.statistics;
    switch (outcome.kind) {
    case rotation::OutcomeKind::rotated: ++statistics.rotated; break;
    case rotation::OutcomeKind::adopted: ++statistics.adopted; break;
    case rotation::OutcomeKind::repaired: ++statistics.repaired; break;
    default: ++statistics.other_outcomes;
    }
    around_.trace.say("process {} ends {} of {}: {} ({}) {}", context_.number, to_string(outcome.trigger),
                      around_.estate.secrets[static_cast<std::size_t>(secret)].key, to_string(outcome.kind), outcome.code,
                      outcome.reason);
    handled.last_listing = context_.last_listing[static_cast<std::size_t>(owner)];
    around_.checker.judge_outcome(handled, outcome);
    co_return seen;
}

Task<void> Process::handle_one(Asked asked, OnEnd on_end) {
    // Whoever asked hears of every end, of an early one too.
    struct Told {
        OnEnd on_end;
        std::optional<rotation::Outcome> outcome;
        ~Told() { on_end(outcome); }
    };
    Told told{std::move(on_end), {}};
    auto const& secret = around_.estate.secrets[static_cast<std::size_t>(asked.secret)];
    engine::RotationRequest request;
    request.secret = secret.ref;
    request.trigger = asked.trigger;
    request.version = asked.version;
    request.deadline = around_.timeline.now() + asked.budget;
    auto seen = co_await rotate(asked.secret, std::move(request));
    told.outcome = std::move(seen.outcome);
}

Task<void> Process::sweep_all() {
    for (auto const& vault : around_.estate.vaults) {
        constexpr int tries = 4;
        for (int i = 0; i < tries; ++i) {
            auto listed = co_await network_.list_secrets(vault.host, around_.timeline.now() + std::chrono::minutes{1});
            if (!listed) {
                co_await clock_.sleep_for(std::chrono::seconds{5});
                continue;
            }
            for (auto& properties : *listed) {
                auto const index = around_.estate.find_secret({vault.host, properties.name});
                co_await sweep_one(index, std::move(properties));
            }
            break;
        }
    }
}

Task<void> Process::sweep_one(int index, rotation::SecretProperties listed) {
    auto const& secret = around_.estate.secrets[static_cast<std::size_t>(index)];
    engine::RotationRequest request;
    request.secret = secret.ref;
    request.trigger = rotation::Trigger::sweep;
    request.deadline = around_.timeline.now() + std::chrono::minutes{15};
    auto const due = rotation::due_at(listed.created, listed.expires, secret.validity, around_.plan.lead);
    bool const is_due = due <= around_.estate.vault_now(secret.vault);
    if (is_due || chance_.happens(0.02)) {
        co_await rotate(index, std::move(request));
        co_return;
    }
    if (!around_.plan.looks_for_dead) co_return;
    // One that died is found by looking at the evidence though it is not the time.
    request.is_dry_run = request.wants_evidence = true;
    auto const seen = co_await rotate(index, request);
    if (!seen.decision || seen.decision->step != rotation::Step::publish_repair) co_return;
    request.is_dry_run = request.wants_evidence = false;
    request.ignores_due = true;
    request.deadline = around_.timeline.now() + std::chrono::minutes{15};
    co_await rotate(index, std::move(request));
}

}  // namespace kssedr::simulation
