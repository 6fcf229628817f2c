#include "process.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <deque>

namespace kssedr::simulation {

rotation::Policy Process::make_policy(Surroundings const& surroundings) {
    rotation::Policy policy;
    policy.verify = surroundings.plan.verify;
    policy.lead = surroundings.plan.lead;
    policy.min_overlap =
        surroundings.mutation == Mutation::drop_the_overlap ? Duration{} : surroundings.plan.min_overlap;
    policy.allowed = rotation::AllowedTargets({*rotation::AllowedTarget::parse("/", "vault.azure.net")});
    policy.vaults.emplace();
    for (auto const& vault : surroundings.estate.vaults) policy.vaults->push_back(vault.host);
    for (auto const& secret : surroundings.estate.secrets) {
        if (secret.openings.empty() && !secret.revoke_after) continue;
        rotation::SecretRule rule;
        rule.vault = secret.ref.vault;
        rule.secret = secret.ref.name;
        rule.where = "rule for " + secret.key;
        rule.revoke_after = secret.revoke_after;
        if (rule.revoke_after && surroundings.mutation == Mutation::revoke_without_grace)
            rule.revoke_after = Duration{};
        if (surroundings.mutation == Mutation::forget_to_revoke) rule.revoke_after.reset();
        if (!secret.openings.empty() && surroundings.mutation != Mutation::ignore_the_windows) {
            rule.windows.emplace();
            for (auto const& opening : secret.openings) rule.windows->push_back(opening.window());
        }
        policy.rules.push_back(std::move(rule));
    }
    return policy;
}

std::vector<engine::OwnSetting> Process::make_own_settings(Estate const& estate) {
    std::vector<engine::OwnSetting> settings;
    for (auto const& owner : estate.owners)
        if (owner.own_setting != no_key)
            settings.push_back({"AzureWebJobsStorage",
                                SecretString::copy_of("DefaultEndpointsProtocol=https;AccountName=" + owner.name +
                                                      ";AccountKey=" + estate.key(owner.own_setting).text)});
    return settings;
}

Process::Process(Surroundings surroundings, int number, Chance chance, Duration skew)
    : around_(surroundings),
      context_{.number = number, .skew = skew},
      chance_(chance),
      clock_(around_.timeline, context_, around_.plan, chance_, around_.statistics),
      network_(around_.estate, around_.timeline, context_, clock_, around_.plan, chance_, around_.statistics,
               around_.trace),
      lease_lock_(around_.leases, around_.timeline, context_, clock_, around_.plan, chance_, around_.statistics,
                  around_.trace),
      connected_(around_.services == nullptr ? nullptr : around_.services->connect(network_, clock_, chance_)),
      mutated_(network_, connected_ ? *connected_ : network_, around_.mutation, clock_),
      log_(*this),
      rotator_(ports(), make_policy(around_), make_own_settings(around_.estate)),
      intake_(rotator_, clock_, log_, "vault.azure.net"),
      sweeper_(rotator_, ports_of_sweeper()) {
    context_.last_read.resize(around_.estate.secrets.size());
    context_.last_listing.resize(around_.estate.owners.size());
    context_.listing_before.resize(around_.estate.owners.size());
    context_.listing_failed_at.resize(around_.estate.owners.size());
    context_.regenerating.resize(around_.estate.owners.size());
    context_.silent_until.resize(around_.estate.vaults.size() + around_.estate.provider_buckets.size());
}

void Process::TraceLog::put(LogLevel, std::string_view event, std::initializer_list<LogField> fields) {
    if (event == "rotation.regenerating") note_regeneration(fields);
    if (event == "rotation.outcome") note_outcome(fields);
    auto& trace = process_.around_.trace;
    if (!trace.is_on()) return;
    std::string text;
    for (auto const& field : fields) text += fmt::format(" {}={}", field.name, field.value);
    trace.say("process {} logs {}{}", process_.context_.number, event, text);
}

// The call does not say for which secret it is; the line that comes before it does.
void Process::TraceLog::note_regeneration(std::initializer_list<LogField> fields) {
    rotation::SecretRef ref;
    Regenerating regenerating;
    for (auto const& field : fields) {
        if (field.name == "vault") ref.vault.text = field.value;
        if (field.name == "secret") ref.name = field.value;
        if (field.name != "for") continue;
        if (field.value == "revocation") regenerating.purpose = Purpose::revocation;
        if (field.value == "leak") regenerating.purpose = Purpose::leak;
    }
    regenerating.secret = process_.around_.estate.find_secret(ref);
    auto const owner = process_.around_.estate.secrets[static_cast<std::size_t>(regenerating.secret)].owner;
    process_.context_.regenerating[static_cast<std::size_t>(owner)] = regenerating;
}

// Several events are handed over at once, and all of them answered when the last has ended: each left this line before.
void Process::TraceLog::note_outcome(std::initializer_list<LogField> fields) {
    rotation::SecretRef ref;
    std::string id;
    for (auto const& field : fields) {
        if (field.name == "vault") ref.vault.text = field.value;
        if (field.name == "secret") ref.name = field.value;
        if (field.name == "eventId") id = field.value;
    }
    auto const secret = process_.around_.estate.find_secret(ref);
    if (id.empty() || secret < 0) return;
    process_.endings_[id] = process_.ending_of(process_.around_.estate.secrets[static_cast<std::size_t>(secret)].owner);
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
    spawn(handle_all(std::move(asked), std::move(on_end)));
}

void Process::sweep() {
    spawn(sweep_all());
}

void Process::answer_leak(int secret, int number, std::function<void()> on_end) {
    spawn(answer_leak_of(secret, number, std::move(on_end)));
}

namespace {

// Whose effects are whose, until an attempt has ended, however it ends.
class UnderWay {
public:
    UnderWay(std::vector<AttemptUnderWay>& all, AttemptUnderWay attempt) : all_(all), attempt_(attempt) {
        all_.push_back(attempt_);
    }
    UnderWay(UnderWay const&) = delete;
    UnderWay& operator=(UnderWay const&) = delete;
    ~UnderWay() { all_.erase(std::ranges::find(all_, attempt_)); }

private:
    std::vector<AttemptUnderWay>& all_;
    AttemptUnderWay attempt_;
};

}  // namespace

engine::Ports Process::ports() {
    auto& lock = around_.mutation == Mutation::forget_the_lock ? static_cast<ports::OwnerLock&>(no_lock_) : lease_lock_;
    return {mutated_, mutated_, network_, lock, clock_, chance_, log_};
}

Ending Process::ending_of(int owner) const {
    auto const index = static_cast<std::size_t>(owner);
    return {around_.timeline.now(), std::min(context_.last_listing[index], context_.listing_before[index]),
            context_.listing_failed_at[index]};
}

// Whoever forgets siblings has a sweep all the same.
engine::Ports Process::ports_of_sweeper() {
    return {network_, mutated_, network_, lease_lock_, clock_, chance_, log_};
}

void Process::end_attempt(Handled const& handled, rotation::Outcome const& outcome) {
    auto& statistics = around_.statistics;
    // A hundred times what a world needs.
    constexpr std::uint64_t calls_max = 1'000'000;
    if (statistics.calls > calls_max) around_.checker.violate("I7", "calls follow each other without end");
    switch (outcome.kind) {
    case rotation::OutcomeKind::rotated: ++statistics.rotated; break;
    case rotation::OutcomeKind::adopted: ++statistics.adopted; break;
    case rotation::OutcomeKind::repaired: ++statistics.repaired; break;
    default: ++statistics.other_outcomes;
    }
    if (outcome.code == "revoked") ++statistics.revoked;
    if (outcome.code == "compromised") ++statistics.compromised;
    if (outcome.code == "window") ++statistics.held_by_windows;
    auto const& secret = around_.estate.secrets[static_cast<std::size_t>(handled.secret)];
    around_.trace.say("process {} ends {} of {}: {} ({}) {}", context_.number, to_string(outcome.trigger), secret.key,
                      to_string(outcome.kind), outcome.code, outcome.reason);
    around_.checker.judge_outcome(handled, outcome);
}

// I4: one outcome for each event, in their order, whatever they stood beside.
void Process::end_delivery(Asked const& asked, SteadyPoint began, std::vector<engine::HandledEvent> const& handled) {
    auto& checker = around_.checker;
    if (handled.size() != asked.events.size())
        return checker.violate("I4", fmt::format("{} events came to {} outcomes", asked.events.size(), handled.size()));
    for (std::size_t i = 0; i < handled.size(); ++i) {
        auto const& sent = asked.events[i];
        auto const& outcome = handled[i].outcome;
        auto const expected =
            sent.kind == EventSent::Kind::broken ? rotation::OutcomeKind::refused : rotation::OutcomeKind::ignored;
        bool const is_wrong = outcome.event_id != (sent.kind == EventSent::Kind::broken ? "" : sent.id) ||
                              (!sent.is_of_a_secret() && outcome.kind != expected);
        if (is_wrong) return checker.violate("I4", fmt::format("event {} came to another's outcome", sent.id));
        if (!sent.is_of_a_secret()) continue;
        Ending ending{around_.timeline.now(), {}, {}};
        if (auto const place = endings_.find(sent.id); place != endings_.end()) ending = place->second;
        end_attempt({sent.secret, outcome.trigger, sent.version, began, began + asked.budget, ending}, outcome);
    }
}

Task<void> Process::handle_all(Asked asked, OnEnd on_end) {
    // Whoever asked hears of every end, of an early one too.
    struct Told {
        OnEnd on_end;
        std::vector<rotation::Outcome> outcomes;
        ~Told() { on_end(outcomes); }
    };
    Told told{std::move(on_end), {}};
    auto const now = around_.timeline.now();
    std::deque<UnderWay> under_way;
    for (auto& event : asked.events) {
        if (!event.is_of_a_secret()) continue;
        under_way.emplace_back(context_.attempts, AttemptUnderWay{event.secret, now});
    }
    auto sent = asked.events;
    // Skipping the check of the event's version is asking about whichever is current.
    if (around_.mutation == Mutation::skip_the_version_check)
        for (auto& event : sent)
            event.version = around_.estate.secrets[static_cast<std::size_t>(event.secret)].current().properties.version;
    auto const messages = compose_messages(sent, around_.estate, chance_);
    std::vector<std::string_view> const views(messages.begin(), messages.end());
    engine::Budget const budget{now + asked.begin_within, now + asked.budget};
    auto const handled = co_await intake_.handle(views, budget);
    end_delivery(asked, now, handled);
    for (auto const& event : asked.events) endings_.erase(event.id);
    for (auto const& event : handled) told.outcomes.push_back(event.outcome);
}

Task<void> Process::answer_leak_of(int secret, int number, std::function<void()> on_end) {
    struct Told {
        std::function<void()> on_end;
        ~Told() { on_end(); }
    };
    Told const told{std::move(on_end)};
    auto const now = around_.timeline.now();
    auto const& state = around_.estate.secrets[static_cast<std::size_t>(secret)];
    UnderWay const under_way(context_.attempts, {secret, now, number});
    engine::RotationRequest request;
    request.secret = state.ref;
    request.ignores_due = true;
    request.is_compromised = around_.mutation != Mutation::answer_a_leak_by_a_rotation;
    request.ignores_freeze = request.is_compromised;
    request.deadline = now + std::chrono::minutes{15};
    auto const deadline = request.deadline;
    auto const seen = co_await rotator_.rotate(std::move(request));
    Handled const handled{secret, seen.outcome.trigger, {}, now, deadline, ending_of(state.owner)};
    end_attempt(handled, seen.outcome);
    around_.checker.judge_leak(handled, seen.outcome, number);
}

Task<void> Process::sweep_all() {
    auto const now = around_.timeline.now();
    // Which secret the sweep is at is not told before it ends: it may be at any of them all along.
    std::deque<UnderWay> under_way;
    for (std::size_t i = 0; i < around_.estate.secrets.size(); ++i)
        under_way.emplace_back(context_.attempts, AttemptUnderWay{static_cast<int>(i), now});
    engine::SweepRequest request;
    request.vaults = *rotator_.policy().vaults;
    request.looks_for_dead = around_.plan.looks_for_dead;
    request.deadline = now + std::chrono::minutes{20};
    auto const deadline = request.deadline;
    auto on_outcome = [this, deadline](rotation::Outcome const& outcome) {
        auto const secret = around_.estate.find_secret({{outcome.vault}, outcome.secret});
        SteadyPoint const began{outcome.started_at - beginning - context_.skew};
        auto const ending = ending_of(around_.estate.secrets[static_cast<std::size_t>(secret)].owner);
        end_attempt({secret, outcome.trigger, {}, began, deadline, ending}, outcome);
    };
    co_await sweeper_.sweep(std::move(request), std::move(on_outcome));
}

}  // namespace kssedr::simulation
